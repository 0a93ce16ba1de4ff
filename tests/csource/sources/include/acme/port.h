/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ACME_PORT_H
#define ACME_PORT_H

enum port_type {
	port_none = -1,
	port_a,
	port_b = 1 << 3,
	port_c,
	port_size = sizeof(int),
	port_after,
};

struct port_ops;

typedef struct {
	enum port_type type;
	struct port_ops *ops;
	struct {
		u8 bytes[4 * 2];
		unsigned int flag : 3;
	};
} port_t;

struct port_ops {
	int (*open)(port_t *port, int flags);
	void (*close)(port_t *port);
};

extern port_t *port_first, ports[2];

int port_register(enum port_type type, const struct port_ops *ops);

#define PORTS 2
#define for_each_port(port) \
	for ((port) = ports; (port) < ports + PORTS; (port)++)

#endif

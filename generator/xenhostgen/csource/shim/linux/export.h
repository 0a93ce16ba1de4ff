/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_EXPORT_H
#define SHIM_LINUX_EXPORT_H

#include <linux/compiler.h>

#ifdef XENHOSTGEN_PARSE
/* Something that the grammar knows at file scope, and that names the symbol and the macro. */
#define EXPORT_SYMBOL(symbol) _Static_assert(sizeof(&symbol), "EXPORT_SYMBOL")
#define EXPORT_SYMBOL_GPL(symbol) _Static_assert(sizeof(&symbol), "EXPORT_SYMBOL_GPL")
#define EXPORT_SYMBOL_NS(symbol, space) _Static_assert(sizeof(&symbol), "EXPORT_SYMBOL_NS")
#define EXPORT_SYMBOL_NS_GPL(symbol, space) _Static_assert(sizeof(&symbol), "EXPORT_SYMBOL_NS_GPL")
#else
struct shim_export {
	const char *name;
	const char *kind;	/* the macro's name */
	const volatile void *address;
};

/* The alignment keeps the section an array: compilers align big objects further. */
#define SHIM_EXPORT(symbol, macro)					\
	static const struct shim_export shim_export_##symbol		\
	__used __section("shim_exports") __aligned(__alignof__(void *)) = { \
		#symbol, macro, (const volatile void *)&symbol,		\
	}
#define EXPORT_SYMBOL(symbol) SHIM_EXPORT(symbol, "EXPORT_SYMBOL")
#define EXPORT_SYMBOL_GPL(symbol) SHIM_EXPORT(symbol, "EXPORT_SYMBOL_GPL")
#define EXPORT_SYMBOL_NS(symbol, space) SHIM_EXPORT(symbol, "EXPORT_SYMBOL_NS")
#define EXPORT_SYMBOL_NS_GPL(symbol, space) SHIM_EXPORT(symbol, "EXPORT_SYMBOL_NS_GPL")
#endif

#endif

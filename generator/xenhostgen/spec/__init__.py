# SPDX-License-Identifier: GPL-2.0-only
"""The spec: YAML with positions, the typed model, the rules, the JSON Schema.

Read in this order: source.py (where a thing was written), yaml.py, c_names.py, shape.py, kinds.py,
model.py, expr.py, template_sets.py, rules/, load.py, schema.py.
"""

"""YAML with a list. The entry ``shop`` of ``mcpServers`` is ``{"name": "shop", "cmd": "x"}``."""

FILES = {
    "a comment between brackets": (
        'mcpServers: [\r\n# none yet«\r\n  {"name": "shop", "cmd": "x"}»\r\n]\r\n'
    ),
    "a text that ends the file, and its last line has no end": (
        "mcpServers:\n«  - name: shop\n    cmd: x\n»  - name: a\n    b: |\n      x"
    ),
    "no table": "name: me\nversion: 1.0.0\nschema: v1«\nmcpServers:\n  - name: shop\n    cmd: x»\n",
    "nothing under the key": "mcpServers:«\n  - name: shop\n    cmd: x»\nmodels: []\n",
    "empty brackets": 'mcpServers: [« |{"name": "shop", "cmd": "x"}»]\n',
    "items not indented": (
        "mcpServers:\n- name: a\n  env:\n    B: 1«\n- name: shop\n  cmd: x»\nmodels:\n- name: m\n"
    ),
    "items far in": "mcpServers:\n      - name: a # b«\n      - name: shop\n        cmd: x»\n    # c\n",
    "a dash on its own line": (
        "mcpServers:\n  -\n    name: a\n  - # c\n    name: b«\n  - name: shop\n    cmd: x»\n"
    ),
    "items between brackets": (
        'mcpServers: [{name: a}, # b\n  {name: c}«, {"name": "shop", "cmd": "x"}»,\n]\n'
    ),
    "items that have no name": (
        "mcpServers:\n  - uses: x/y\n  - text\n  -«\n  - name: shop\n    cmd: x»\nz: 1\n"
    ),
    "the same name in another list": (
        "models:\n  - name: shop\nmcpServers:\n  - name: a\n    shop: 1«\n  - name: shop\n    cmd: x»\n"
    ),
    "a dash in a comment": (
        "mcpServers:\n# - name: shop\n  - name: a«\n  - name: shop\n    cmd: x»\n  # - x\n"
    ),
    "JSON": '{"mcpServers": [{"name": "a"}«, {"name": "shop", "cmd": "x"}»]}',
    "anchors and aliases": (
        "a: &a {name: one}\nmcpServers:\n  - *a\n  - &b\n    name: two«\n  - name: shop\n    cmd: x»\nz: *b\n"
    ),
    "lines of Windows without a final one": (
        "mcpServers:\r\n  - name: a«\r\n  - name: shop\r\n    cmd: x»"
    ),
}

"""YAML with a map. The entry ``shop`` of ``extensions`` is ``{"cmd": "x", "args": ["a"]}``."""

FILES = {
    "no byte at all": '«extensions:\n  shop:\n    cmd: x\n    args: ["a"]\n»',
    "blanks only": '«\n |extensions:\n  shop:\n    cmd: x\n    args: ["a"]\n»',
    "comments only": '# mine«\nextensions:\n  shop:\n    cmd: x\n    args: ["a"]»\n',
    "a document's start and nothing else": (
        '---«\nextensions:\n  shop:\n    cmd: x\n    args: ["a"]»\n'
    ),
    "a document's start and end": (
        '--- # c«\nextensions:\n  shop:\n    cmd: x\n    args: ["a"]»\n# d\n...\n'
    ),
    "a version": '%YAML 1.2\n---\na: 1«\nextensions:\n  shop:\n    cmd: x\n    args: ["a"]»\n',
    "a byte-order mark": '\ufeffextensions:«\n  shop:\n    cmd: x\n    args: ["a"]»\n',
    "no final newline": 'a: 1«\nextensions:\n  shop:\n    cmd: x\n    args: ["a"]»',
    "nothing under the key": 'extensions:«\n  shop:\n    cmd: x\n    args: ["a"]»\nz: 1\n',
    "a comment instead of a value": (
        'extensions: # none yet«\n  shop:\n    cmd: x\n    args: ["a"]»\n  # none\nz: 1\n'
    ),
    "null": 'extensions: «null|{"shop": {"cmd": "x", "args": ["a"]}}» # c\n',
    "empty braces": 'extensions: {«"shop": {"cmd": "x", "args": ["a"]}»} # c\nz: 1\n',
    "a comment between braces": (
        'extensions: { # none yet«\n  "shop": {"cmd": "x", "args": ["a"]}»\n}\nz: 1\n'
    ),
    "braces of several lines": (
        'extensions: {a: {b: 1}, # c\n  d: "}"«, "shop": {"cmd": "x", "args": ["a"]}» # e\n}\n'
    ),
    "JSON": '{"a": 1«, "extensions": {"shop": {"cmd": "x", "args": ["a"]}}»}\n',
    "four blanks of indentation": (
        'extensions:\n    a:\n        b: 1 # c«\n    shop:\n      cmd: x\n      args: ["a"]»\n# d\nz: 1\n'
    ),
    "lines of Windows": (
        'extensions:\r\n  a:\r\n    b: 1«\r\n  shop:\r\n    cmd: x\r\n    args: ["a"]»\r\nz: 1\r\n'
    ),
    "a text of several lines last": (
        'extensions:\n  a: |\n    # no comment\n      x«\n  shop:\n    cmd: x\n    args: ["a"]»\n\nz: 1\n'
    ),
    "a text that keeps its empty lines": (
        'extensions:\n  a: |+\n    x\n«\n  shop:\n    cmd: x\n    args: ["a"]»\nz: 1\n'
    ),
    "a text whose last line is blanks": (
        'a: |\n  x\n     «\nextensions:\n  shop:\n    cmd: x\n    args: ["a"]»\n\n'
    ),
    "a text that ends the file, and its last line has no end": (
        'extensions:\n«  shop:\n    cmd: x\n    args: ["a"]\n»  a: |\n    x'
    ),
    "the same outside of the table": (
        '---\n# top\n«extensions:\n  shop:\n    cmd: x\n    args: ["a"]\n»a: 1\nb: >\n  x'
    ),
    "a key that is written with escapes": (
        '"extens\\x69ons":\n  a: 1«\n  shop:\n    cmd: x\n    args: ["a"]»\nz: 1\n'
    ),
    "a quoted text of several lines": (
        "extensions:\n  a: 'x\n\n    y: # z'«\n  shop:\n    cmd: x\n    args: [\"a\"]»\n"
    ),
    "an anchor on the table": (
        'extensions: &all\n  a: &one {b: 1}«\n  shop:\n    cmd: x\n    args: ["a"]»\nz: *one\n'
    ),
    "a tag on the table": 'extensions: !!map {«"shop": {"cmd": "x", "args": ["a"]}»}\n',
    "a merge": (
        'base: &b {x: 1}\nextensions:\n  a:\n    <<: *b«\n  shop:\n    cmd: x\n    args: ["a"]»\n'
    ),
    "emoji before and in the table": (
        '"😀": é\nextensions:\n  🦊: 𝄞 # 🎈«\n  shop:\n    cmd: x\n    args: ["a"]»\nz: 🎈\n'
    ),
    "odd scalars": (
        'a: 0x1F\nb: 1E+2\nc: 010\nd: yes\ne: "\\x41"\nf: 12:30:45«\nextensions:\n  shop:\n    cmd: x\n'
        '    args: ["a"]»\n'
    ),
    "comments less indented than the entries": (
        'extensions:\n    a:\n  # b\n# c\n    d: 1«\n    shop:\n      cmd: x\n      args: ["a"]»\n # e\n'
    ),
}

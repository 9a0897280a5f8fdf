"""Bytes as C++ strings, for the scripts that put files into a program."""

LITERAL = 8192  # bytes of one string literal


def literal(name, data):
    """The definition of a std::string_view of these bytes."""
    lines = [f"const std::string_view {name}(", "   "]
    for begin in range(0, len(data), LITERAL):
        # Octal escapes end after three digits, so what follows a byte is never taken for part of it.
        text = "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}"
                       for b in data[begin:begin + LITERAL])
        lines.append(f'    "{text}"')
    return "\n".join(lines + [f"    , {len(data)});"])

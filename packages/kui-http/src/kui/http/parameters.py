"""What the fields of a header are made of: tokens, and values with parameters: `form-data; name="a"`."""

import re

__all__ = ["TOKEN", "split_parameters"]

# RFC 9110, section 5.6.2; such is the name of a header, and that of a cookie
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

# RFC 9110, section 5.6.6; the value is a token or a quoted string
PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))\s*')


def split_parameters(value: str) -> tuple[str, dict[str, str]]:
    r"""Return the lower-cased value before the first semicolon, and the parameters after it.

    Browsers escape a quotation mark in a file name as `%22` or `\"`, and send other backslashes as they are.

    ```python
    >>> from kui.http.parameters import split_parameters
    >>> split_parameters('Form-Data; name="a"; FileName="x;y.txt"')
    ('form-data', {'name': 'a', 'filename': 'x;y.txt'})

    ```
    """
    start = value.find(";")
    if start < 0:
        return value.strip().lower(), {}
    parameters: dict[str, str] = {}
    for match in PARAMETER.finditer(value, start):
        name, quoted, token = match.groups()
        if quoted is not None:
            token = quoted.replace('\\"', '"').replace("\\\\", "\\")
        parameters.setdefault(name.lower(), token)
    return value[:start].strip().lower(), parameters

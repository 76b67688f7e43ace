"""The multipart parser: the same parts however the body is cut, in bounded memory."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kui.http.multipart import MultipartParser, PartData, PartEnd, PartStart

CONTENTS = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([b"\r\n", b"\r\n--", b"\r\n--bound", b"--boundary", b"\r", b""]),
    ),
    max_size=4,
)


def body_of(contents: list[bytes]) -> bytes:
    head = b'Content-Disposition: form-data; name="a"\r\n\r\n'
    return b"".join(b"--boundary\r\n" + head + content + b"\r\n" for content in contents) + b"--boundary--"


def parts_of(pieces: list[bytes]) -> list[bytes]:
    parser = MultipartParser(b"boundary")
    parts: list[bytes] = []
    for piece in pieces:
        for event in parser.feed(piece):
            if isinstance(event, PartStart):
                parts.append(b"")
            elif isinstance(event, PartData):
                parts[-1] += event.data
            else:
                assert isinstance(event, PartEnd)
    parser.close()
    return parts


@given(CONTENTS, st.lists(st.integers(0, 300)))
def test_the_parts_are_what_was_sent_however_it_is_cut(contents: list[bytes], cuts: list[int]) -> None:
    expected = [content for content in contents if b"\r\n--boundary" not in b"\r\n" + content]
    body = body_of(expected)
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    assert parts_of([body[a:b] for a, b in pairwise(edges)]) == expected


def test_a_preamble_and_an_epilogue_are_ignored() -> None:
    assert parts_of([b"preamble\r\n" + body_of([b"1"]) + b"\r\nepilogue\r\n--boundary\r\n"]) == [b"1"]


def test_a_form_may_have_no_parts() -> None:
    assert parts_of([b"--boundary--\r\n"]) == []


def test_content_without_line_breaks_is_handed_out_as_it_comes() -> None:
    parser = MultipartParser(b"boundary")
    list(parser.feed(body_of([b""])[:60]))
    for _ in range(20):
        events = list(parser.feed(b"\n" + b"x" * 10_000))
        assert sum(len(event.data) for event in events if isinstance(event, PartData)) > 9_900

"""Which uploads were closed, and a site in a directory; and tests may import what stands beside them."""

import sys
from pathlib import Path

import pytest

from kui.http import UploadFile

sys.path.insert(0, str(Path(__file__).parent))  # for http_client and http_server


@pytest.fixture
def closed_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    closed: list[str] = []
    really_close = UploadFile.close

    def close(file: UploadFile) -> None:
        closed.append(file.filename)
        really_close(file)

    monkeypatch.setattr(UploadFile, "close", close)
    return closed


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_bytes(b"0123456789")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "index.html").write_text("index")
    (tmp_path / "page.html").write_text("page")
    return tmp_path

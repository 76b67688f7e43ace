"""The example of the README runs."""

import re
from pathlib import Path
from typing import Any

from kui.testing import TestClient


async def test_the_example_of_the_readme_runs() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    async with TestClient(names["app"], base_url="http://kui.test", lifespan="off") as client:
        for body, count in ((b"milk", 1), (b"\xff", 2), (b"", 3)):
            made = await client.post("/", content=body)
            assert (made.status_code, made.json()) == (201, {"count": count})
        listed = await client.get("/?last=x", headers={"Origin": "https://app.kui.example"})
        assert listed.json() == ["milk", "\ufffd", ""]
        assert listed.headers["access-control-allow-origin"] == "https://app.kui.example"

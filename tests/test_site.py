"""What builds the documentation site: contents, tables of keys, formulas, the check of links."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fieldvae.spec import DesignSpec, TaskSpec

DOCS = Path(__file__).parent.parent / "docs"


def module(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"site_{Path(path).stem}", DOCS / path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[loaded.__name__] = loaded  # dataclasses look there
    spec.loader.exec_module(loaded)
    return loaded


class TestContents:
    front = """# Site

## Use

- [A task](tasks.md): all.
- [Notes](../NOTES.md)

## About

No list.
"""

    def test_a_section_becomes_a_caption_and_its_links_the_entries(self):
        written = module("_extensions/contents.py").contents_of(self.front, folder="docs")
        assert ":caption: Use" in written
        assert "A task </docs/tasks>" in written
        assert "Notes </NOTES>" in written

    def test_a_section_without_pages_has_none(self):
        written = module("_extensions/contents.py").contents_of(self.front, folder="docs")
        assert "About" not in written


@pytest.fixture(scope="module")
def tables() -> str:
    return str(module("_extensions/keys.py").tables_of_keys())


class TestKeys:
    @pytest.mark.parametrize("section", [TaskSpec, DesignSpec])
    def test_every_key_has_a_row(self, tables, section):
        for key, field in section.model_fields.items():
            assert f"\n| `{key}` | " in tables
            if getattr(field.annotation, "__name__", "").endswith("Spec"):
                for inner in field.annotation.model_fields:
                    assert f"\n| `{inner}` | " in tables

    def test_options_of_plugins_have_rows_with_their_defaults(self, tables):
        assert "| `convolution` | `blocks` | whole number, > 0 | `3` |" in tables

    def test_cells_do_not_break_their_table(self, tables):
        rows = [line for line in tables.splitlines() if line.startswith("| `")]
        assert {row.replace("\\|", "").count("|") for row in rows} == {4, 6}


class TestCheckOfLinks:
    def site(self, folder: Path, body: str) -> Path:
        root = folder / "html"
        root.mkdir()
        (root / "index.html").write_text(body, encoding="utf-8")
        (root / "other.html").write_text('<p id="here">text</p>', encoding="utf-8")
        return root

    def test_passes_a_site_whose_links_lead_somewhere(self, tmp_path):
        root = self.site(tmp_path, '<a href="other.html#here">a</a><a href="https://x.org">b</a>')
        assert module("check_site.py").main(root) == 0
        assert (tmp_path / "external-links.txt").read_text() == "https://x.org\n"

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ('<a href="gone.html">a</a>', "index.html: gone.html: no such file"),
            ('<img src="gone.png">', "index.html: gone.png: no such file"),
            ('<a href="other.html#there">a</a>', "other.html has no anchor 'there'"),
            ('<a href="#top">a</a>', "index.html has no anchor 'top'"),
        ],
    )
    def test_names_page_and_link_that_lead_nowhere(self, tmp_path, capsys, body, words):
        assert module("check_site.py").main(self.site(tmp_path, body)) == 1
        assert words in capsys.readouterr().err

    def test_does_not_pass_an_empty_site(self, tmp_path):
        assert module("check_site.py").main(tmp_path) == 1


def test_the_notebook_is_stored_without_outputs():
    cells = json.loads((DOCS / "tutorial.ipynb").read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)

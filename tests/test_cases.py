"""Lint tells of whole flows exactly what stands beside them; `make generate` writes it anew."""

import pytest
from cases import CASES, cases, output, output_of


@pytest.mark.parametrize("case", cases())
def test_lint_tells_of_a_case_what_stands_beside_it(case: str) -> None:
    assert output(case) == output_of(case).read_text("utf-8")


def test_each_output_has_its_case() -> None:
    assert {each.name for each in CASES.glob("*.out")} == {output_of(each).name for each in cases()}

"""The key of secrets: made once, whole, for its owner alone."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ivrflow.errors import StoreUnavailableError
from ivrflow.store.keyfile import read_or_make_key


def test_all_who_make_it_at_once_get_the_same_key(tmp_path: Path) -> None:
    for number in range(20):
        path = tmp_path / f"{number}.key"
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(read_or_make_key, [path] * 8))
        assert len(keys) == 1
        assert path.stat().st_mode & 0o777 == 0o600
    assert len(list(tmp_path.iterdir())) == 20, "no drafts are left behind"


@pytest.mark.parametrize("content", ["", "short", "!" * 44, "QUJD", "å"])
def test_what_is_no_key_is_told_so(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.db.key").write_text(content, "utf-8")
    with pytest.raises(StoreUnavailableError, match=r"state\.db\.key can't be used"):
        read_or_make_key(tmp_path / "state.db.key")


def test_a_place_where_no_key_can_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="No such file"):
        read_or_make_key(tmp_path / "nowhere" / "state.db.key")

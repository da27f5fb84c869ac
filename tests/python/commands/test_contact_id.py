"""`make contact-id`: the id under which other systems land a contact."""

from __future__ import annotations

import hmac

import pytest

from outreach.commands.contact_id import main


def test_it_prints_the_normal_form_and_the_keyed_hash_of_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("OUTREACH_CONTACT_KEY", "key")
    monkeypatch.setattr("sys.argv", ["contact_id", " whatsapp:+1 (555) 010-0001 "])
    assert main() == 0
    # RFC 2104, by the standard library.
    expected = hmac.new(b"key", b"+15550100001", "sha256").hexdigest()[:32]
    assert capsys.readouterr().out == f"+15550100001\t{expected}\n"


def test_an_empty_number_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["contact_id", " "])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2 and "NUMBER is empty" in capsys.readouterr().err

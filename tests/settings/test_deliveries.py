"""Channels, queues and routes: read from their tables, with the place of each mistake."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic_core import PydanticUndefined

from hubtriage.engine.ruleset.delivery import Routes
from hubtriage.settings.configuration import Configuration, configuration_of, configurations_of
from hubtriage.settings.deliveries import TABLES, EventKind, deliveries_document, is_name
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.project_file import NAME, read_project
from tests.support.paths import ROOT

DOCUMENT = ROOT / "docs" / "deploying.md"
WHOLE = """\
decision-events = true

[channels.sec-chat]
kind = "slack"
secret = "hubtriage/slack"
about = ["expires-soon", "mode-changed"]

[channels.soc-mail]
kind = "email"
address = "soc@example.com"

[queues.cloud]
kind = "jira"
url = "https://acme.atlassian.net/"
secret = "hubtriage/jira"
project = "SEC"
accepted = ["Won't Do"]

[queues.desk]
kind = "servicenow"
url = "https://acme.service-now.com"
secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:snow-AbCdEf"
table = "sn_si_incident"

[routes.team]
by = "owner"
to = {payments = "desk", "lab-*" = "none"}
otherwise = "cloud"
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def configured(text: str) -> Configuration:
    Path(NAME).write_text(text, encoding="utf-8")
    return configuration_of(read_project(Path(NAME)), {})


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        configured(text)
    return list(raised.value.problems)


def test_the_tables_of_a_file_are_read() -> None:
    config = configured(WHOLE)
    assert config.channels["sec-chat"].about == ("expires-soon", "mode-changed")
    assert config.channels["sec-chat"].daily_limit == 200
    assert config.channels["soc-mail"].address == ("soc@example.com",)
    assert config.queues["cloud"].url == "https://acme.atlassian.net", "without the slash at its end"
    assert (config.queues["cloud"].issue_type, config.queues["cloud"].daily_limit) == ("Task", 50)
    assert config.queues["desk"].table == "sn_si_incident"
    assert config.routes["team"].destinations == ("desk", "cloud")
    assert Configuration.model_validate(config.model_dump()) == config
    assert Configuration.model_validate(config.at(None).model_dump(mode="json", by_alias=True)) == config


def test_the_package_has_the_routes_as_the_engine_reads_them() -> None:
    config = configured(WHOLE)
    document = deliveries_document(config.routes, config.stack_name)
    assert document == {
        "stack": "hubtriage",
        "routes": {
            "team": {"by": "owner", "to": {"payments": "desk", "lab-*": "none"}, "otherwise": "cloud"}
        },
    }
    routes = Routes.of(document)
    assert [routes.resolve("team", owner, {}) for owner in ("payments", "lab-1", None)] == [
        "desk",
        None,
        "cloud",
    ]


def test_a_target_has_tables_of_its_own_in_place_of_those_at_the_top() -> None:
    of_target = """
[target.prod]
account = "111122223333"
home-region = "eu-west-1"
[target.prod.channels.prod-chat]
kind = "teams"
secret = "hubtriage/teams"
[target.prod.routes.team]
by = "account.team"
to = {}
otherwise = "cloud"
[target.lab]
account = "444455556666"
home-region = "eu-west-1"
"""
    Path(NAME).write_text(WHOLE + of_target, encoding="utf-8")
    configs = configurations_of(read_project(Path(NAME)), {})
    assert [*configs["prod"].channels] == ["prod-chat"]
    assert configs["prod"].routes["team"].attribute == "team"
    assert configs["prod"].queues == configs["lab"].queues
    assert [*configs["lab"].channels] == ["sec-chat", "soc-mail"]


def test_a_mistake_in_a_table_of_a_target_is_placed_there() -> None:
    text = WHOLE + (
        '[target.prod]\naccount = "111122223333"\nhome-region = "eu-west-1"\n'
        '[target.prod.queues.cloud]\nkind = "jira"\nproject = "SEC"\nsecret = "x"\nurl = "http://x.example"\n'
    )
    line = text.splitlines().index('url = "http://x.example"') + 1
    (problem,) = problems(text)
    assert problem.startswith(f"{NAME}:{line}: target.prod.queues.cloud.url: 'http://x.example' is not enc")


SLACK = '[channels.a]\nkind = "slack"\nsecret = "x"\n'
JIRA = '[queues.q]\nkind = "jira"\nurl = "https://x.example"\nsecret = "x"\nproject = "A"\n'


@pytest.mark.parametrize(
    ("table", "place", "message"),
    [
        pytest.param(
            '[channels.a]\nkind = "slak"\nsecret = "x"',
            "3: channels.a.kind",
            "Input should be 'slack', 'teams', 'webhook' or 'email', not 'slak'\n  hint: did you mean slack?",
            id="an unknown kind",
        ),
        pytest.param(
            SLACK + "dayly-limit = 5",
            "5: channels.a.dayly-limit",
            "did you mean `daily-limit`?",
            id="a misspelt key",
        ),
        pytest.param(
            SLACK + "daily_limit = 5",
            "5: channels.a.daily_limit",
            "daily-limit",
            id="underscores are no spelling",
        ),
        pytest.param(
            SLACK + 'daily-limit = "5"',
            "5: channels.a.daily-limit",
            "valid integer",
            id="a text for a number",
        ),
        pytest.param(
            SLACK + 'about = ["hiden"]', "5: channels.a.about", "'hiden'", id="an unknown kind of event"
        ),
        pytest.param(
            '[channels.a]\nkind = "slack"',
            "2: channels.a.secret",
            "a channel of kind slack needs secret\n  hint: name of the secret",
            id="no secret",
        ),
        pytest.param(
            '[channels.a]\nkind = "email"',
            "2: channels.a.address",
            "kind email needs address",
            id="no address",
        ),
        pytest.param(
            '[channels.a]\nkind = "slack"\nsecret = "https://hooks.slack.com/x"',
            "4: channels.a.secret",
            "this is not the name of a secret; credentials never stand in this file\n",
            id="a secret instead of its name",
        ),
        pytest.param(
            SLACK.replace(".a]", ".A]"),
            "2: channels.A",
            "'A' is not a name: write 1 to 40",
            id="a name in capitals",
        ),
        pytest.param(
            SLACK.replace(".a]", ".none]"), "2: channels.none", "'none' is no name", id="none is no name"
        ),
        pytest.param(
            SLACK.replace(".a]", f".{'a' * 41}]"),
            f"2: channels.{'a' * 41}",
            "is not a name",
            id="a long name",
        ),
        pytest.param("channels = {a = 1}", "2: channels.a", "this is not a table", id="no table"),
        pytest.param(
            '[queues.q]\nkind = "jira"\nsecret = "x"',
            "2: queues.q.url",
            "this key is missing\n  hint: address of the site",
            id="no url",
        ),
        pytest.param(
            JIRA.replace('project = "A"\n', ""),
            "2: queues.q.project",
            "a queue of kind jira needs project\n  hint: key of the Jira project, such as SEC",
            id="no project",
        ),
        pytest.param(
            JIRA + 'table = "sn_si_incident"',
            "7: queues.q.table",
            "table is not for queues of kind jira",
            id="a key of the other kind",
        ),
        pytest.param(
            JIRA.replace('secret = "x"', 'secret = {token = "t-0815"}'),
            "5: queues.q.secret",
            "this is not the name of a secret; credentials never stand in this file\n",
            id="the credential in place of its name",
        ),
        pytest.param(
            JIRA.replace("x.example", "acme.atlassian.net/browse/SEC"),
            "4: queues.q.url",
            "has a path: write the address of the site, without it",
            id="the address of a page of Jira",
        ),
        pytest.param(
            JIRA.replace("x.example", "api.atlassian.com"),
            "4: queues.q.url",
            "does not name a site: write https://api.atlassian.com/ex/jira/CLOUDID",
            id="the API of Jira without the id of a site",
        ),
        pytest.param(
            SLACK + 'about = ["expire-soon"]',
            "5: channels.a.about",
            "did you mean expires-soon?",
            id="a misspelt kind of event",
        ),
        pytest.param(
            JIRA.replace("https://x", "https://me:pass@x"),
            "4: queues.q.url",
            "credentials are in the secret, not in the address",
            id="credentials in the address",
        ),
        pytest.param(
            JIRA.replace("x.example", "x.example?a=1"),
            "4: queues.q.url",
            "more than a host and a path",
            id="a query",
        ),
        pytest.param(
            JIRA.replace("https://x.example", "x.example"),
            "4: queues.q.url",
            "is not an address",
            id="no address",
        ),
        pytest.param(
            '[routes.r]\nby = "team"\nto = {}\notherwise = "none"',
            "3: routes.r.by",
            "neither owner nor account.ATTRIBUTE",
            id="by what",
        ),
        pytest.param(
            '[routes.r]\nby = "account."\nto = {}\notherwise = "none"',
            "3: routes.r.by",
            "neither owner",
            id="by no attribute",
        ),
        pytest.param(
            '[routes.r]\nby = "owner"\nto = {"a*b" = "x"}\notherwise = "x"',
            "4: routes.r.to",
            "'a*b' is no value",
            id="a star inside",
        ),
        pytest.param(
            '[routes.r]\nby = "owner"\nto = {}',
            "2: routes.r.otherwise",
            "this key is missing",
            id="what is not said is not nowhere",
        ),
    ],
)
def test_a_wrong_table_is_named_with_its_line(table: str, place: str, message: str) -> None:
    (problem,) = problems(f"decision-events = true\n{table}\n")
    assert problem.startswith(f"{NAME}:{place}: ")
    assert message in problem


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param(
            SLACK,
            "channels are given, and decision-events is off: nothing would be delivered",
            "write decision-events = true",
            id="no events",
        ),
        pytest.param(
            "decision-events = true\n" + SLACK + JIRA.replace(".q]", ".a]"),
            f"{NAME}:5: [queues.a] and [channels.a] have the same name",
            "rename one of them",
            id="one name for two",
        ),
        pytest.param(
            f'decision-events = true\n{SLACK}[routes.r]\nby = "owner"\nto = {{}}\notherwise = "b"\n',
            f"{NAME}:8: route r leads to b, which does not exist",
            "known: a",
            id="a route to what is not there",
        ),
        pytest.param(
            f'decision-events = true\n{SLACK}{JIRA}[routes.r]\nby = "owner"\nto = {{x = "a"}}\n'
            'otherwise = "q"\n',
            "route r leads to channels and to queues",
            "one route for notify, and one for open-ticket",
            id="a route to both",
        ),
        pytest.param(
            'decision-events = true\n[routes.r]\nby = "owner"\nto = {}\notherwise = "none"\n',
            "route r leads nowhere",
            "name a channel or a queue",
            id="a route to nothing",
        ),
        pytest.param(
            f'decision-events = true\n{SLACK}[routes.r]\nby = "owner"\nto = {{x = "a"}}\notherwise = "s"\n'
            '[routes.s]\nby = "owner"\nto = {}\notherwise = "a"\n',
            f"{NAME}:8: route r leads to route s",
            "let it lead to a channel or a queue",
            id="a route to a route",
        ),
    ],
)
def test_tables_that_do_not_fit_each_other_are_refused(text: str, message: str, hint: str) -> None:
    (problem,) = problems(text)
    assert message in problem
    assert hint in problem


def test_decision_events_need_no_channels() -> None:
    assert configured("decision-events = true").decision_events
    assert configured("").decision_events is False


@pytest.mark.parametrize("name", ["a", "0-9", "a" * 40])
def test_a_name_is_short_and_in_small_letters(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "-a", "A", "a_b", "a" * 41, "none", "ä", "a\n"])
def test_other_texts_are_no_names(name: str) -> None:
    assert not is_name(name)


def test_a_service_on_this_machine_needs_no_encryption() -> None:
    local = JIRA.replace("https://x.example", "http://127.0.0.1:8080")
    assert configured("decision-events = true\n" + local).queues["q"].url == "http://127.0.0.1:8080"


# The page


@pytest.mark.parametrize("table", TABLES)
def test_every_key_of_a_table_is_documented_with_its_default(table: str) -> None:
    rows = re.findall(
        rf"^\| `\[{table}\.NAME\]` \| `([a-z-]+)` \| (.*?) \|", DOCUMENT.read_text(), re.MULTILINE
    )
    fields = TABLES[table].model_fields
    assert dict(rows) == {name.replace("_", "-"): _shown(field.default) for name, field in fields.items()}


def _shown(default: Any) -> str:
    return "" if default in (PydanticUndefined, None, ()) else f"`{default}`"


def test_the_page_names_every_kind_of_event() -> None:
    kinds = get_args(EventKind)
    page = DOCUMENT.read_text()
    assert kinds
    assert all(f"`{kind}`" in page for kind in kinds)


def test_a_stack_holds_no_more_than_thirty_channels_and_queues() -> None:
    channels = {f"mail-{number}": {"kind": "email", "address": "a@b.c"} for number in range(31)}
    with pytest.raises(ConfigurationError, match="more than 30 channels and queues"):
        Configuration.from_context({"hubtriage:decision-events": True, "hubtriage:channels": channels})

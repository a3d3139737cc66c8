"""Conditions that proofs find hard, and findings at the values where such conditions change."""

from random import Random
from typing import Any

from hypothesis import strategies as st

Finding = dict[str, Any]

_TEXTS = ["arn:aws:s3:::prod-", "arn:aws:s3:::b", "prod", "S3 Bucket", "s3 bucket", "kelvin", "b"]
_text = st.sampled_from(_TEXTS)
_label = st.sampled_from(["LOW", "MEDIUM", "HIGH", "CRITICAL"])
_type = st.sampled_from(["AwsS3Bucket", "AwsEc2Instance"])
_number = st.sampled_from([0, 39, 40, 69.5, 70, 100])


def _of_texts(value: Any) -> st.SearchStrategy[Any]:
    """Tests of one text."""
    return st.one_of(
        st.tuples(st.sampled_from(["==", "!=", "===", "starts_with", "ends_with"]), _text).map(
            lambda o: {o[0]: [value, o[1]]}
        ),
        _text.map(lambda text: {"in": [text, value]}),
        _text.map(lambda text: {"==": [{"lower": [value]}, text]}),
        _text.map(lambda text: {"starts_with": [{"lower": [value]}, text]}),
        st.lists(_text, min_size=1, max_size=3).map(lambda texts: {"in": [value, texts]}),
        st.lists(_text, min_size=1, max_size=3).map(lambda texts: {"in_list": [value, texts]}),
        st.sampled_from(["*prod*", "arn:*-", "?rod*", "*:b", "*"]).map(lambda glob: {"glob": [value, glob]}),
        st.just({"!!": [value]}),
        st.sampled_from(["^arn", "^arn.*-$", "b$", "^[a-z]{4}$", "pro(d|x)", "^.3 .+", "ba*"]).map(
            lambda expression: {"regex": [value, expression]}
        ),
    )


def _some_of(tests: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Tests joined, negated, chosen between."""
    return st.one_of(
        tests,
        st.lists(tests, min_size=2, max_size=3).map(lambda parts: {"and": parts}),
        st.lists(tests, min_size=2, max_size=3).map(lambda parts: {"or": parts}),
        tests.map(lambda part: {"!": [part]}),
        st.tuples(tests, tests, tests).map(lambda parts: {"if": list(parts)}),
    )


_OF_ELEMENTS = st.one_of(
    _type.map(lambda kind: {"==": [{"var": "Type"}, kind]}),
    _of_texts({"var": "Id"}),
    _of_texts({"var": "Tags.env"}),
    st.just({"==": [{"var": "Region"}, {"var": "Tags.env"}]}),
    st.just({"missing": ["Tags.env"]}),
    st.just({"==": [{"account": "environment"}, "dev"]}),
)
_LOOPS = st.tuples(st.sampled_from(["some", "all", "none"]), _some_of(_OF_ELEMENTS)).map(
    lambda o: {o[0]: [{"var": "Resources"}, o[1]]}
)
_TYPE_LOOPS = st.tuples(st.sampled_from(["some", "all", "none"]), _of_texts({"var": ""})).map(
    lambda o: {o[0]: [{"var": "Types"}, o[1]]}
)
_SINGLE = st.one_of(
    _LOOPS,
    _TYPE_LOOPS,
    _of_texts({"var": "Title"}),
    _of_texts({"var": "Resources.0.Id"}),
    _of_texts({"var": "Resources.1.Tags.env"}),
    _of_texts({"get": [{"var": "ProductFields"}, "a/b.c"]}),
    _of_texts({"account": "environment"}),
    _label.map(lambda label: {"==": [{"var": "Severity.Label"}, label]}),
    st.tuples(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), _number).map(
        lambda o: {o[0]: [{"var": "Severity.Normalized"}, o[1]]}
    ),
    _number.map(lambda number: {"<": [10, {"var": "Confidence"}, number]}),
    st.just({"in": ["TTPs/Discovery", {"var": "Types"}]}),
    st.just({"missing": ["Title", "Compliance.Status", "Note.Text"]}),
    st.just({"cidr": [{"var": "ProductFields.ip"}, ["10.0.0.0/8", "10.1.0.0/16"]]}),
    st.just({"cidr": [{"var": "ProductFields.ip"}, "10.1.0.0/16"]}),
    st.just({"==": [{"var": ["Compliance.Status", "PASSED"]}, "PASSED"]}),
    st.just({"==": [{"cat": [{"var": "Region"}, "x"]}, "eu-west-1x"]}),
    st.just({"before": [{"var": "CreatedAt"}, {"var": "UpdatedAt"}]}),
    st.sampled_from([1, 5, 30.5]).map(lambda days: {">": [{"age_days": {"var": "UpdatedAt"}}, days]}),
)
RICH_LOGIC = _some_of(_SINGLE)

_PATHS = [
    *("Title", "Title.0", "Title.length", "Types.0", "Types.1", "Types.length", "Resources.1.Id"),
    *("Confidence", "Process.Pid", "Severity.Normalized", "Severity.Label", "Sample", "Workflow.Status"),
    *("FindingProviderFields.Severity.Label", "FindingProviderFields.Types.0", "Note.Text", "Note.UpdatedBy"),
    *("CreatedAt", "Process.LaunchedAt", "ProductFields.ip", "UserDefinedFields.owner", "News", "Region"),
]
_CONSTANTS = [
    *("b", "prod", "PROD", "5", " 5 ", "0x5", "", "true", "2026-10-01T00:00:00Z", "2026-10-01", "::1", "NEW"),
    *(0, 5, 5.5, 39, 40, 70, 2**53 + 1, -1, True, False, None, "LOW", "CRITICAL", "10.1.0.1", ["b"], []),
]
_path = st.sampled_from(_PATHS)
_constant = st.sampled_from(_CONSTANTS)
_var = st.one_of(
    _path.map(lambda path: {"var": path}),
    st.tuples(_path, _constant).map(lambda both: {"var": list(both)}),
)
_word = st.sampled_from([one for one in _CONSTANTS if isinstance(one, str) and one])
_comparison = st.sampled_from(["==", "!=", "===", "!==", "<", "<=", ">", ">="])
_times = st.sampled_from(["CreatedAt", "Process.LaunchedAt", "ProductFields.ip", "Note.UpdatedAt"])
_ages = st.one_of(
    _times.map(lambda path: {"age_days": [{"var": path}]}),
    _times.map(lambda path: {"age_days": [{"var": [path, "2026-10-20"]}]}),
)
_vulnerable = st.one_of(
    st.tuples(_comparison, st.sampled_from(["Id", "EpssScore", "Vendor.Name"]), _constant).map(
        lambda o: {o[0]: [{"var": o[1]}, o[2]]}
    ),
    st.sampled_from(["some", "all", "none"]).map(
        lambda name: {name: [{"var": "Cvss"}, {">": [{"var": "BaseScore"}, 5]}]}
    ),
    st.sampled_from(["some", "all", "none"]).map(
        lambda name: {name: [{"var": "ReferenceUrls"}, {"==": [{"var": ""}, "b"]}]}
    ),
    st.just({"in": ["b", {"var": "ReferenceUrls"}]}),
    st.just({"missing": ["Vendor.Name", "Id"]}),
    st.just({"==": [{"var": "ReferenceUrls.1"}, "b"]}),
)
_ODD = st.one_of(
    st.tuples(_comparison, _var, _constant).map(lambda o: {o[0]: [o[1], o[2]]}),
    st.tuples(_comparison, _constant, _var).map(lambda o: {o[0]: [o[1], o[2]]}),
    st.tuples(st.sampled_from(["<", "<="]), _constant, _var, _constant).map(lambda o: {o[0]: list(o[1:])}),
    _var.map(lambda value: {"!": [value]}),
    _var,
    st.tuples(st.sampled_from(["in", "in_list"]), _var, st.lists(_constant, min_size=1, max_size=3)).map(
        lambda o: {o[0]: [o[1], [one for one in o[2] if not isinstance(one, list)] or ["b"]]}
    ),
    st.tuples(_constant, _var).map(lambda o: {"in": list(o)}),
    st.tuples(_word, _var).map(lambda o: {"==": [{"lower": [o[1]]}, o[0].lower()]}),
    st.tuples(st.sampled_from(["starts_with", "ends_with", "glob"]), _var, _word).map(
        lambda o: {o[0]: [o[1], o[2]]}
    ),
    st.tuples(
        st.sampled_from(["before", "after"]), _times, st.sampled_from(["2026-10-01", "2026-11-01"])
    ).map(lambda o: {o[0]: [{"var": o[1]}, o[2]]}),
    st.tuples(st.sampled_from(["<", "<=", ">", ">="]), _ages, st.sampled_from([0, 2, 30, 0.1])).map(
        lambda o: {o[0]: [o[1], o[2]]}
    ),
    st.sampled_from(["::1/128", "0.0.0.0/0", "10.1.0.1/32"]).map(
        lambda network: {"cidr": [{"var": "ProductFields.ip"}, network]}
    ),
    st.lists(_path, min_size=1, max_size=2).map(lambda paths: {"missing": paths}),
    st.lists(_path, min_size=1, max_size=2).map(lambda paths: {"missing_some": [1, paths]}),
    st.tuples(st.sampled_from(["some", "all", "none"]), _some_of(_vulnerable)).map(
        lambda o: {o[0]: [{"var": "Vulnerabilities"}, o[1]]}
    ),
    st.tuples(st.sampled_from(["some", "none"]), _word).map(
        lambda o: {o[0]: [{"var": "Types"}, {"==": [{"var": "0"}, o[1][:1]]}]}
    ),
)
ODD_LOGIC = _some_of(_ODD)
"""Every operator in every place, whether that makes sense or not."""

_PARTS = st.one_of(
    st.sampled_from(["arn:aws:s3:::prod-", "prod", "b"]).map(lambda text: [{"prefix": text}]),
    st.sampled_from(["*prod*", "arn:*:b"]).map(lambda text: [{"wildcard": text}]),
    st.lists(_text, min_size=1, max_size=3, unique=True).map(list),
    st.lists(_text, min_size=1, max_size=3, unique=True).map(lambda texts: [{"anything-but": texts}]),
    _text.map(lambda text: [{"anything-but": {"prefix": text}}]),
    _text.map(lambda text: [{"equals-ignore-case": text}]),
    st.just([{"exists": False}]),
    st.just([{"exists": False}, "prod"]),
)
_RESOURCE = st.one_of(
    st.tuples(_type, _PARTS).map(lambda o: {"Type": [o[0]], "Id": o[1]}),
    st.tuples(_PARTS, _PARTS).map(lambda o: {"Id": o[0], "Tags": {"env": o[1]}}),
    _PARTS.map(lambda part: {"Tags": {"env": part}}),
    st.tuples(_PARTS, _PARTS).map(lambda o: {"$or": [{"Id": o[0]}, {"Tags": {"env": o[1]}, "Id": ["b"]}]}),
)
RICH_PATTERNS = st.one_of(
    _RESOURCE.map(lambda part: {"Resources": part}),
    st.tuples(_RESOURCE, _PARTS).map(lambda o: {"Resources": o[0], "Title": o[1]}),
    st.tuples(_label, _PARTS).map(
        lambda o: {"Severity": {"Label": [o[0]]}, "ProductFields": {"a/b.c": o[1]}}
    ),
    _PARTS.map(lambda part: {"Types": part}),
)

_anything = st.sampled_from(
    [
        *(["b"], ["prod", 5], [5], [None], [True], [{"exists": False}], [{"exists": True}], ["5", "LOW"]),
        *([{"anything-but": [5]}], [{"numeric": [">", 4, "<", 6]}], [{"numeric": ["=", 2**53 + 1]}]),
        *([{"prefix": "2026-10-01"}], [{"suffix": {"equals-ignore-case": "ROD"}}], [{"cidr": "10.1.0.0/24"}]),
        *([{"exists": False}, "b"], ["2026-10-01T00:00:00Z"], [{"anything-but": {"wildcard": "*1"}}]),
    ]
)
_VULNERABLE = st.one_of(
    _anything.map(lambda part: {"Id": part}),
    _anything.map(lambda part: {"Cvss": {"BaseScore": part}}),
    st.tuples(_anything, _anything).map(lambda o: {"Id": o[0], "Cvss": {"BaseScore": o[1]}}),
    st.tuples(_anything, _anything).map(lambda o: {"ReferenceUrls": o[0], "Vendor": {"Name": o[1]}}),
    st.tuples(_anything, _anything).map(lambda o: {"$or": [{"Id": o[0]}, {"Cvss": {"BaseScore": o[1]}}]}),
)
_ODD_FIELDS = st.one_of(
    _VULNERABLE.map(lambda part: {"Vulnerabilities": part}),
    st.tuples(_path.filter(lambda path: not path[-1].isdecimal()), _anything).map(
        lambda o: _at(o[0].split("."), o[1])
    ),
    st.tuples(st.sampled_from(["Resources", "Vulnerabilities", "Note", "Types"]), _anything).map(
        lambda o: {o[0]: o[1]}
    ),
    _anything.map(lambda part: {"ProductFields": {"a": {"b": part}}}),
    _anything.map(lambda part: {"ProductFields": {"a": part}}),
)
ODD_PATTERNS = st.one_of(
    _ODD_FIELDS, st.lists(_ODD_FIELDS, min_size=2, max_size=3).map(lambda parts: {"$or": parts})
)
"""Every operator of patterns at every field, whether that makes sense or not."""


def _at(names: list[str], part: Any) -> Any:
    return {names[0]: _at(names[1:], part) if names[1:] else part}


_SEVERITIES = [("INFORMATIONAL", [0]), ("LOW", [1, 39]), ("MEDIUM", [40, 69]), ("HIGH", [70, 89])]
_ALSO = [
    "arn\n-",
    "prodx\nb",
    "5",
    " 5 ",
    "0x5",
    "true",
    "PROD",
    "x",
    "arn:aws:s3:::prod-1",
    "Kelvin",
    "\u212aelvin",
    "S3 bucket",
    "arn:",
    "İs3",
    "dev",
    "Dev",
]
_WORDS = [*_TEXTS, *_ALSO]
_TYPES = ["TTPs/Discovery", "Effects/Data Exposure", "Software and Configuration Checks", *_WORDS]
_MOMENTS = [
    "2026-10-01T00:00:00.000Z",
    "2026-10-01T02:00:00.000+02:00",
    "2026-10-02T12:00:00Z",
    "2026-11-01T09:36:00Z",
    "2026-10-01T00:00:00Z",
    "2026-09-30T23:59:59.999Z",
    "2026-10-30T12:00:00Z",
    "2026-11-02T00:00:00Z",
]


_ADDRESSES = ["10.1.0.1", "10.2.0.1", "192.0.2.9", "none", "::1", "0:0:0:0:0:0:0:1", "::2"]


def finding_at_random(random: Random) -> Finding:
    """Draw a finding that AWS's model allows, from values at which the conditions above change."""
    label, numbers = random.choice([*_SEVERITIES, ("CRITICAL", [90, 100])])
    finding: Finding = {
        "Severity": {"Label": label} | _perhaps(random, Normalized=random.choice(numbers)),
        "Title": random.choice(_WORDS),
        "GeneratorId": random.choice(["security-control/S3.8", "aws/GuardDuty", "b"]),
        "AwsAccountId": random.choice(["111122223333", "444455556666", "000000000000"]),
        "Workflow": {"Status": random.choice(["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"])},
        "RecordState": random.choice(["ACTIVE", "ARCHIVED"]),
        "VerificationState": random.choice(["UNKNOWN", "TRUE_POSITIVE", "BENIGN_POSITIVE"]),
        "CreatedAt": random.choice(_MOMENTS),
        "UpdatedAt": random.choice(_MOMENTS),
        "Resources": [_resource(random) for _index in range(random.choice([1, 1, 2, 3]))],
        "ProductFields": _perhaps(
            random,
            **{
                "a/b.c": random.choice(_WORDS),
                "ip": random.choice([*_ADDRESSES, *_MOMENTS]),
                "a": random.choice(["b", "x", "5"]),
            },
        ),
        "UserDefinedFields": _perhaps(random, owner=random.choice(["them", "x"]), ticket="SEC-1"),
    }
    finding |= _perhaps(
        random,
        Confidence=random.choice([0, 5, 6, 9, 10, 11, 40, 50, 80, 100]),
        Region=random.choice(["eu-west-1", "prod", "b", "5"]),
        Types=random.sample(_TYPES, random.choice([1, 2])),
        Process=_perhaps(
            random,
            Pid=random.choice([0, 5, 5.5, 2**53, 2**53 + 1, -1, -7, 10**6]),
            LaunchedAt=random.choice(_MOMENTS),
        ),
        Sample=random.choice([True, False]),
        Vulnerabilities=[_vulnerability(random) for _index in range(random.choice([1, 1, 2, 3]))],
        FindingProviderFields=_perhaps(
            random,
            Severity=_perhaps(random, Label=random.choice([label, label, "LOW", "CRITICAL"])),
            Types=random.sample(_TYPES, random.choice([1, 2])),
        ),
        Compliance=_perhaps(random, Status=random.choice(["PASSED", "FAILED", "WARNING"])),
        Note={"Text": random.choice(["M", "x"]), "UpdatedBy": "p", "UpdatedAt": _MOMENTS[0]},
    )
    return finding


def _vulnerability(random: Random) -> dict[str, Any]:
    scores = [
        _perhaps(random, BaseScore=random.choice([0, 5, 5.5, 9])) for _index in range(random.choice([1, 2]))
    ]
    return {
        "Id": random.choice(["b", "prod", "5", "CVE-1"]),
        **_perhaps(
            random,
            Cvss=scores,
            EpssScore=random.choice([0, 0.5, 5]),
            ReferenceUrls=random.choice([["b"], ["x"], ["x", "b"], ["b", "x", "prod"]]),
            Vendor={"Name": random.choice(["b", "5", "x"])},
        ),
    }


def _resource(random: Random) -> dict[str, Any]:
    tags = _perhaps(random, env=random.choice([*_WORDS, "dev", "Dev"]))
    kind = random.choice(["AwsS3Bucket", "AwsEc2Instance", "Other"])
    more = _perhaps(random, Tags=tags, Region=random.choice(["eu-west-1", "prod"]))
    return {"Type": kind, "Id": random.choice(_WORDS), **more}


def _perhaps(random: Random, **members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if random.random() < 0.7}

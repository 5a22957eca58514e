"""The chart refuses values that would not work, and says what to do, before anything is changed in the cluster."""

import re
from pathlib import Path

import pytest
from chart import CHART, refusal, render

# Values, and words of the refusal.
REFUSED = {
    "two replicas in one volume": (
        {"deployment": {"replicaCount": 2}},
        "deployment.replicaCount is 2, but several replicas cannot share the volume. Set it to 1",
    ),
    "a password for everybody": (
        {"database": {"url": "postgres://nbcourier:secret@db/nbcourier"}},
        "database.url has a password, which everybody who can read the Deployment would see",
    ),
    "the password of no database": (
        {"database": {"existingSecret": "database"}},
        "database has settings for PostgreSQL, but no url",
    ),
    "replicas without S3": (
        {
            "deployment": {"replicaCount": 3},
            "database": {"url": "postgres://nbcourier@db/nbcourier"},
        },
        "Several replicas need PostgreSQL (database.url) and S3 (s3.bucket)",
    ),
    "ngshare's volume, which is not mounted": (
        {
            "nameOverride": "ngshare",
            "database": {"url": "postgres://nbcourier@db/nbcourier"},
            "s3": {"bucket": "work"},
        },
        "ngshare's volume is not mounted with PostgreSQL and S3",
    ),
    "a strategy that starts the new pod first": (
        {"deployment": {"strategy": {"type": "RollingUpdate"}}},
        "starts a new pod while the old one still holds the volume",
    ),
    "the image of ngshare": (
        {"image": {"repository": "docker.io/libretexts/ngshare", "tag": "v0.5.2"}},
        "image.repository is the image of ngshare. Set image.repository to the image of nbcourier",
    ),
    "ngshare's database as an argument": (
        {"ngshare": {"args": ["--database", "sqlite:////srv/ngshare/other.db"]}},
        "args has --database, but the chart decides where data is kept",
    ),
    "ngshare's storage as an argument": (
        {"ngshare": {"args": ["--storage=/srv/ngshare/other"]}},
        "args has --storage, but the chart decides where data is kept",
    ),
    "no hub": (
        {"nbcourier": {"args": ["--vngshare"]}},
        "args has --vngshare, which serves without a hub",
    ),
    "an administrator with blanks": (
        {"nbcourier": {"admins": ["root "]}},
        'admins has "root " with blanks around the name',
    ),
    "two tokens": (
        {"hub": {"existingSecret": "hub"}, "ngshare": {"hub_api_token": "token"}},
        "Both hub.existingSecret and hub_api_token are set",
    ),
    "a monitor without metrics": (
        {"metrics": {"serviceMonitor": {"enabled": True}}},
        "metrics.serviceMonitor.enabled is true, but metrics.enabled is false",
    ),
}
# Values of the wrong kind, their place, and a word of the refusal.
ILL_TYPED = {
    "a key that does not exist": (
        {"deployment": {"replicas": 2}},
        "/deployment",
        "replicas",
    ),
    "a setting that does not exist": (
        {"nbcourier": {"settings": {"max-file": 5}}},
        "/nbcourier/settings",
        "max-file",
    ),
    "a setting that the chart sets": (
        {"nbcourier": {"settings": {"data-dir": "/data"}}},
        "/nbcourier/settings",
        "data-dir",
    ),
    "a word for a number": (
        {"deployment": {"replicaCount": "one"}},
        "/deployment/replicaCount",
        "integer",
    ),
    "names in one text": ({"ngshare": {"admins": "a,b"}}, "/ngshare/admins", "array"),
    "an empty name": (
        {"nbcourier": {"admins": [""]}},
        "/nbcourier/admins/0",
        "minLength",
    ),
    "a role that does not exist": (
        {"nbcourier": {"settings": {"groups": [{"group": "g", "role": "teacher"}]}}},
        "/nbcourier/settings/groups/0/role",
        "instructor",
    ),
    "a volume that only readers share": (
        {"pvc": {"accessModes": ["ReadOnlyMany"]}},
        "/pvc/accessModes/0",
        "ReadWriteOnce",
    ),
    "a name that is no name of an object": (
        {"nameOverride": "My Exchange"},
        "/nameOverride",
        "pattern",
    ),
    "another database": (
        {"database": {"url": "mysql://db/x"}},
        "/database/url",
        "pattern",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_refusal_is_a_sentence_that_says_what_to_do(case: str) -> None:
    values, words = REFUSED[case]
    message = refusal(values)
    assert words.format(version=version()) in message
    assert "secret" not in message
    # The text that Helm adds in front names places in the templates.
    sentence = message.rsplit(": error calling fail: ", 1)[-1]
    assert "\n" not in sentence.strip() and len(sentence) < 250
    assert re.search(r"\b(Set|Remove|Move|Put|Import)\b", sentence), sentence


@pytest.mark.parametrize("case", ILL_TYPED)
def test_values_of_the_wrong_kind_are_refused_by_their_place(case: str) -> None:
    values, place, expected = ILL_TYPED[case]
    message = refusal(values)
    assert f"at '{place}'" in message
    assert expected in message


def test_a_strategy_that_stops_the_old_pod_first_is_accepted() -> None:
    rolling = {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
    }
    strategy = render({"deployment": {"strategy": rolling}}).only("Deployment")["spec"][
        "strategy"
    ]
    assert strategy == rolling
    recreate = render({"deployment": {"strategy": {"type": "Recreate"}}})
    # `null` removes the limits of a rolling update, which Kubernetes refuses beside Recreate.
    assert recreate.only("Deployment")["spec"]["strategy"] == {
        "type": "Recreate",
        "rollingUpdate": None,
    }


def version() -> str:
    """Returns the version of the program that the chart is for."""
    (found,) = re.findall(
        r'^appVersion: "(.*)"$', (CHART / "Chart.yaml").read_text(), re.MULTILINE
    )
    return found

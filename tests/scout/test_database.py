"""Where the databases are: MongoDB for answers. (The others: test_settings.)"""

import pytest

from scout.database import documents

AT_MOST_ONCE = {"serverSelectionTimeoutMS": 1_500, "connectTimeoutMS": 1_500, "timeoutMS": 1_500}


def test_it_works() -> None:
    assert documents("") == {}
    assert documents("mongodb://user:p%40ss@a:27017,b:27018/answers?replicaSet=rs0&appName=a@b") == {
        "documents": {
            "ENGINE": "django_mongodb_backend",
            "HOST": "mongodb://a:27017,b:27018/answers?replicaSet=rs0&appName=a@b",
            "USER": "user",
            "PASSWORD": "p@ss",
            "NAME": "answers",
            "OPTIONS": {**AT_MOST_ONCE, "journal": True},
        }
    }


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("mongodb://h", "scout"),
        ("mongodb://h/", "scout"),
        ("mongodb://h/?w=1", "scout"),
        ("mongodb://[::1]:27017/x", "x"),
        ("mongodb://%2Ftmp%2Fmongodb-27017.sock/x", "x"),
        ("mongodb+srv://u:p@cluster.example.net/x?retryWrites=true&w=majority&srvServiceName=mongodb", "x"),
        ("mongodb+srv://u:p@cluster.example.net/?srvMaxHosts=3&tls=true", "scout"),
    ],
)
def test_database_is_named_by_the_path(uri: str, name: str) -> None:
    assert documents(uri)["documents"]["NAME"] == name


def test_names_are_not_looked_up() -> None:
    """Reading the settings asks no network."""
    assert documents("mongodb+srv://nobody.invalid.example/x")["documents"]["HOST"] == "mongodb+srv://nobody.invalid.example/x"


def test_what_the_uri_says_comes_first() -> None:
    assert documents("mongodb://h/x?timeoutms=5000&journal=false")["documents"]["OPTIONS"] == {
        "serverSelectionTimeoutMS": 1_500,
        "connectTimeoutMS": 1_500,
    }


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb",
        "mongodb://",
        "http://u:hunter2@h/x",
        "mongodb://u:hunter2@h:99999/x",
        "mongodb://u:hunter2@h:x/x",
        "mongodb://u:hunter2@x@h/x",
        "mongodb://u:hunter2@h/x?unheardOf=1",
        "mongodb://u:hunter2@h/x?timeoutMS=soon",
        "mongodb://u:hunter2@h/a b",
        "mongodb://u:hunter2@h/$x",
        "mongodb://u:hunter2@h/x/y",
        f"mongodb://u:hunter2@h/{'x' * 64}",
        f"mongodb://u:hunter2@h/{'한' * 22}",
        "mongodb://u:hunter2@h\n/x",
        "mongodb+srv://u:hunter2@localhost/x",
        "mongodb+srv://u:hunter2@a.example.net:27017/x",
        "mongodb+srv://u:hunter2@a.example.net,b.example.net/x",
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_none(uri: str) -> None:
    with pytest.raises(ValueError, match="must look like mongodb://") as refused:
        documents(uri)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__suppress_context__

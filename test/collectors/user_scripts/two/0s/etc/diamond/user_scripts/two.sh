#!/bin/sh
# its output is in commands.json

"""The demo clinic: made up, deterministic, relative to the day it is made. Nobody in it exists."""

"""What networks are handled with."""

from . import rnn as rnn

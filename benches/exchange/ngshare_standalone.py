"""Starts ngshare without a hub.

The stand-alone mode of 0.6.0 replaces the base class that asks the hub, but the request handler has methods of its
own of the same names, which win: without a hub nobody is let in, with one it is asked all the same. Taking those two
away gives the mode that was meant, in which the argument `user` is believed, and which is the faster one.
"""

import sys

from ngshare import ngshare

for method in ("user_for_token", "get_current_token"):
    if method in vars(ngshare.MyRequestHandler):
        delattr(ngshare.MyRequestHandler, method)

ngshare.main(sys.argv[1:])

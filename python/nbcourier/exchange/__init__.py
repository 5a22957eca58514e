"""The classes for nbgrader's slots, with one file for each action."""

from .base import NbCourierExchange
from .collect import Collect
from .fetch_assignment import FetchAssignment
from .fetch_feedback import FetchFeedback
from .list import List
from .release_assignment import ReleaseAssignment
from .release_feedback import ReleaseFeedback
from .submit import Submit

__all__ = [
    "Collect",
    "FetchAssignment",
    "FetchFeedback",
    "List",
    "NbCourierExchange",
    "ReleaseAssignment",
    "ReleaseFeedback",
    "Submit",
]

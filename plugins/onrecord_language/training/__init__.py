"""Training: `python -m onrecord_language.training CORPORA OUT`.

Needs the extra `train`.
"""

"""How the network was trained: `python -m onrecord_language.training CORPORA`. Needs the extra `train`."""

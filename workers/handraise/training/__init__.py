"""How the shipped models are made from the corpus: `python -m handraise.training` (`make train`).

Needs the dependency group `train`. Nothing here is imported by the detector.
"""

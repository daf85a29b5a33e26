from hypothesis import settings

# A slow machine is no bug: no example has a time limit.
settings.register_profile("scout", deadline=None)
settings.load_profile("scout")

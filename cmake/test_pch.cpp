// Carries the precompiled header of the tests (croft_targets.cmake).

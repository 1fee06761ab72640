// Exists to own the precompiled header (modules.cmake).

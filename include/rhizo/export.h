// Marks what librhizo.so shows; everything else is hidden.
#pragma once

#define RHIZO_EXPORT __attribute__((visibility("default")))

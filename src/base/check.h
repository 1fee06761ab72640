#pragma once

#include "rhizo/check.h"

#pragma once

#include "rhizo/error.h"

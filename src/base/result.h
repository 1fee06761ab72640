#pragma once

#include "rhizo/result.h"

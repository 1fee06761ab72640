// Rhizo: git for tables with a SQL engine inside. Start at rhizo::Database::Open.
#pragma once

#include "rhizo/cancellation.h"
#include "rhizo/database.h"
#include "rhizo/error.h"
#include "rhizo/options.h"
#include "rhizo/query_result.h"
#include "rhizo/result.h"
#include "rhizo/session.h"
#include "rhizo/types.h"
#include "rhizo/value.h"

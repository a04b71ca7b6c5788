// What the API answers, as far as the program reads it (api/openapi.json has the whole). Words of
// enums stay text and every member has a default, so that an older client understands a newer
// server.
#pragma once

#include "cli/api_objects.h"
#include "cli/api_process.h"

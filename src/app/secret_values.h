// The secrets of a project, so that what people read does not show them (abuse case A12).
#pragma once

#include <string>

#include "app/app_context.h"
#include "build/secret_mask.h"
#include "model/ids.h"

namespace croft {

// Of the project and of all its services: a service may refer to those of another.
Result<build::SecretMask> secrets_of(const Tx& tx, const ProjectId& project);

// `text` with every one of them as "***".
Task<Result<std::string>> hide_secrets(const AppContext& context, ProjectId project,
                                       std::string text);

}  // namespace croft

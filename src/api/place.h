// The service that a path names, for the routes below /projects/{project}/services/{service}.
#pragma once

#include "api/api_handler.h"
#include "app/auth/actor.h"
#include "app/resolve.h"
#include "app/views.h"

namespace croft {

struct Place {
  Project project;
  Service service;
};

// Asks whether the caller may do `action` there. kNotFound as for a missing one when they may not
// even see it.
Task<Result<Place>> find_place(ApiContext& context, ApiRequest& request, Action action);

// 202 with the process, which the client follows.
Task<Result<ApiResponse>> accepted_process(ApiContext& context, Process process);

// kUnavailable or kExhausted when nothing new can be made now (ApiContext::begin_work); `what` was
// attempted.
Task<Status> check_can_begin(ApiContext& context, std::string what);

boost::json::array warnings_json(const std::vector<FieldError>& warnings);

}  // namespace croft

// The whole API of croftd over a store in memory, without an engine: for the target `api` and for
// croft-api-server, which schemathesis asks. Processes stay pending; no container ever runs.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "api/all_routes.h"
#include "app/running.h"
#include "store/store.h"
#include "task/broadcast.h"

namespace croft::fuzz {

class ApiWorld {
 public:
  // `home` is a folder for uploads. All outlive the world, which runs on `runtime`.
  ApiWorld(Runtime& runtime, Clock& clock, Random& random, const catalog::Catalog& catalog,
           std::filesystem::path home);
  ApiWorld(const ApiWorld&) = delete;
  ~ApiWorld();

  HttpHandler& handler();
  const Router& router() const;
  // What a connection writes on which a client sends `request`, its bytes, and then nothing more.
  std::string answer(std::string request);
  // The project `shop` with the services api and db; api has a version, an instance set and a
  // process that waits.
  void make_shop();
  // A new token of `user`, who is made when missing; `project` empty: for all that they see.
  std::string token_of(const std::string& user, UserRole role, TokenScope scope,
                       const std::string& project = "");

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace croft::fuzz

// Password hashes in the forms that applications verify.
#pragma once

#include <string>

#include "base/random.h"
#include "base/result.h"

namespace croft::spec {

// kThrowaway: the same form with the least work, for values that nobody will use.
enum class HashCost : unsigned char { kReal, kThrowaway };

// "$2b$11$…". kInvalid over 72 bytes (bcrypt would ignore the rest) and for a NUL.
Result<std::string> hash_bcrypt(const std::string& password, Random& random, HashCost cost);

// "$argon2id$v=19$m=65536,t=4,p=4$salt$hash", 16 bytes of salt and 32 of hash.
Result<std::string> hash_argon2id(const std::string& password, Random& random, HashCost cost);

}  // namespace croft::spec

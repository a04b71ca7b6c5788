#include "store/sealed_file.h"

#include <cstdlib>
#include <fstream>

#include "fuzz.h"

using namespace croft;
namespace fs = std::filesystem;

namespace {

constexpr SealCost kCheap{.passes = 1, .memory_bytes = 8192};
constexpr std::string_view kContent = "the database, and the key that opens its secrets";

struct Files {
  Files() {
    const fs::path shm = "/dev/shm";
    std::string pattern =
        ((fs::is_directory(shm) ? shm : fs::temp_directory_path()) / "croft-fuzz-XXXXXX").string();
    check(::mkdtemp(pattern.data()) != nullptr, "a folder of our own");
    folder = pattern;
  }
  ~Files() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  Files(const Files&) = delete;
  fs::path folder;
};

std::string sealed(const fs::path& path, const Secret& passphrase) {
  auto writer =
      SealedWriter::create(path, passphrase, boost::json::object{{"what", "a test"}}, kCheap);
  check(writer && writer->write(kContent) && writer->finish(), "a sealed file is written");
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  in.close();
  fs::remove(path);
  return bytes;
}

}  // namespace

// A backup file. First byte even: the rest is the file. Odd: the rest changes bytes of a good file,
// three bytes a change (where, 2; what it is xored with, 1).
FUZZ_TARGET(sealed_file) {
  static const Files files;
  static const Secret passphrase("correct horse battery");
  static const std::string good = sealed(files.folder / "good", passphrase);
  fuzz::Choices choices(input);
  const bool change = choices.byte() % 2 == 1;
  std::string bytes(choices.rest());
  if (change) {
    bytes = good;
    while (!choices.empty()) {
      const std::size_t high = choices.byte();
      const std::size_t at = (high * 256 + choices.byte()) % bytes.size();
      bytes[at] = static_cast<char>(bytes[at] ^ choices.byte());
    }
  }
  const fs::path file = files.folder / "file";
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  const auto about = read_sealed_header(file);
  if (!about) return fuzz::expect_told(about.error());
  check(about->contains("salt") && about->contains("passes"), "a header has what opening needs");
  // Opening costs what the header says, up to 1 GiB: too much for a fuzzer.
  const auto passes = from_json<std::uint64_t>(about->at("passes"));
  const auto memory = from_json<std::uint64_t>(about->at("memory_bytes"));
  check(passes && memory && *memory <= (1u << 30) && *passes <= 10, "the cost is bounded");
  if (*passes * *memory > (1u << 20)) return;
  auto reader = SealedReader::open(file, passphrase);
  if (!reader) return fuzz::expect_told(reader.error());
  const auto content = reader->read(kContent.size());
  check(bytes == good && content == std::string(kContent) && reader->expect_end(),
        "only what was sealed opens");
}

#include "spec/preprocessor.h"

#include <argon2.h>
#include <crypt.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>

#include "base/file.h"

#include "spec/pre_functions.h"
#include "spec/time_format.h"

namespace croft::spec {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

struct World {
  SeededRandom random{7};
  ManualClock clock{*parse_rfc3339("2026-11-21T08:05:09.123Z")};
};

tl::expected<Preprocessed, PreprocessFailure> run(std::string_view text, int max_calls = 200) {
  World world;
  return preprocess(text, {.random = world.random, .clock = world.clock, .max_calls = max_calls});
}

std::string done(std::string_view text) {
  auto result = run(text);
  EXPECT_TRUE(result.has_value()) << text << ": " << (result ? "" : result.error().message);
  return result ? result->text : std::string();
}

PreprocessFailure failed(std::string_view text, int max_calls = 200) {
  auto result = run(text, max_calls);
  EXPECT_FALSE(result.has_value()) << text << " gave " << (result ? result->text : "");
  return result ? PreprocessFailure{} : result.error();
}

TEST(Preprocessor, IsSwitchedByTheFirstLineOnly) {
  EXPECT_TRUE(is_preprocessor_on("#yamlPreprocessor=on\nproject:\n"));
  EXPECT_TRUE(is_preprocessor_on("#zeropsPreprocessor=on\r\n"));
  EXPECT_TRUE(is_preprocessor_on("#yamlPreprocessor=on"));
  EXPECT_FALSE(is_preprocessor_on("#yamlPreprocessor=off\n"));
  EXPECT_FALSE(is_preprocessor_on("# comment\n#yamlPreprocessor=on\n"));
  EXPECT_EQ(misplaced_preprocessor_switch("# comment\n#yamlPreprocessor=on\n"), 2);
  EXPECT_EQ(misplaced_preprocessor_switch("#yamlPreprocessor=on\n"), 0);
  EXPECT_TRUE(has_preprocessor_calls("a: <@getVar(x)>"));
  EXPECT_FALSE(has_preprocessor_calls("a: \\<@getVar(x)>"));
}

TEST(Preprocessor, LeavesOrdinaryTextAlone) {
  for (const char* text :
       {"", "a: b\n", "${some_env} > x | y ( ) , @", "a <> b", "ľščť §~", "- >-\n  x"}) {
    EXPECT_EQ(done(text), text);
  }
}

TEST(Preprocessor, ProcessesStrings) {
  EXPECT_EQ(done("<my string| noop>"), "my string");
  EXPECT_EQ(done("<mY StriNg| upper>"), "MY STRING");
  EXPECT_EQ(done("<My StRIng| lower>"), "my string");
  EXPECT_EQ(done("<my string in title case| title>"), "My String In Title Case");
  EXPECT_EQ(done("<my super cool <And My NeStED| upper> strings>"),
            "my super cool AND MY NESTED strings");
  EXPECT_EQ(done("<my super cool <and my nested> strings| upper>"),
            "MY SUPER COOL AND MY NESTED STRINGS");
  EXPECT_EQ(done("<<<a>>>"), "a");
  EXPECT_EQ(done("<a|>"), "a");
  EXPECT_EQ(done("<|a|upper>"), "|A") << "the first character is always text";
  EXPECT_EQ(done("<a<>b|upper>"), "A<>B");
  EXPECT_EQ(done("<žluťoučký kůň| upper>"), "ŽLUŤOUČKÝ KŮŇ");
  EXPECT_EQ(done("<straße don't e.g. o'neill-x| title>"), "Straße Don't E.g. O'neill-X");
}

TEST(Preprocessor, KeepsSpacesInStrings) {
  EXPECT_EQ(done("This is < my string | upper>."), "This is  MY STRING .");
  EXPECT_EQ(done("<this is < a nested string | noop> with double spaces>"),
            "this is  a nested string  with double spaces");
  EXPECT_EQ(done("< @generateRandomString(<10>) | upper>"), " @GENERATERANDOMSTRING(10) ")
      << "a function begins with <@, without a space";
}

TEST(Preprocessor, Escapes) {
  EXPECT_EQ(done(R"(\< \\ \\\\ \\<sTrInG| lower >\\ \\\\ \\ \>)"), R"(< \ \\ \string\ \\ \ >)");
  EXPECT_EQ(done(R"(\<@generateRandomInt(<30>, <80>)\>)"), "<@generateRandomInt(30, 80)>");
  EXPECT_EQ(done(R"(\<\<MY\>\>)"), "<<MY>>");
  EXPECT_EQ(done(R"(<\<@ some string $\>| upper>)"), "<@ SOME STRING $>");
  EXPECT_EQ(done(R"(<a \| b| upper>)"), "A | B");
  EXPECT_EQ(done(R"(<@setVar(<c>, <commas\, braces \) and \\ slashes>)>)"),
            R"(commas, braces ) and \ slashes)");
  EXPECT_EQ(done(R"(<@setVar(<q>, <a \| b \< c \> d \>\<>)| upper>)"), "A | B < C > D ><");
  EXPECT_EQ(done("<this string, has commas and ) braces>"), "this string, has commas and ) braces");
  EXPECT_EQ(done(R"("\\\\<sTriNG \\\\ witH, mOdiFiers| title >\\\\")"),
            R"("\\STriNG \\ WitH, MOdiFiers\\")");
}

TEST(Preprocessor, HashesKnownVectors) {
  EXPECT_EQ(
      done("<my super cool string| upper | sha512>"),
      "d2cf477a090ac90dc70d2a7b19067c7e1b2a9cdbced7c7e28ec505a5dee2984737edd5d19cbbff4734cfe6a2"
      "40fa3a2d68e7d5884fae353bddf8ca9ec16ac06f");
  EXPECT_EQ(done("<my string in title case| title | sha256>"),
            "bb8973c3a99ec24dff29210d336fbdce5568b853acd3c0ca68f3cc9e6fb86659");
  EXPECT_EQ(done("<AZ| toHex>"), "415a");
  EXPECT_EQ(bytes_to_string(std::string("\x00\x19\x1a\x3e\x40\x41\x80\xff", 8)), "azA_.ba-")
      << "64 is the last index; larger bytes are taken modulo 64";
}

TEST(Preprocessor, KeepsVariables) {
  EXPECT_EQ(done("<@setVar(<name>, <my string>)>|<@getVar(name)>|<@getVar( name )|upper>"),
            "my string|my string|MY STRING");
  EXPECT_EQ(done("<@setVar(<a>, <1>)><@setVar(<a>, <2>)><@getVar(a)>"), "122");
  EXPECT_EQ(done("<@setVar(<name>,     <no leading spaces>     )>"), "no leading spaces     ")
      << "as in the reference: spaces after a literal are kept";
  EXPECT_EQ(done("<@setVar(<name>,    < one space >    )>"), " one space     ");
  EXPECT_EQ(done("<@setVar(<name>, <this is <a nested| title> one>)>"), "this is A Nested one");
  EXPECT_EQ(done("<@setVar(<name>, <hello ${user} you>)>"), "hello ${user} you");
  EXPECT_EQ(done("<@setVar(<name>, <>)>|<@getVar(name)>"), "|") << "an empty literal";
  EXPECT_EQ(done("<@pickRandom(<same>,<same>)   | upper>"), "SAME");
  EXPECT_THAT(failed("<@getVar(missing)>").message, HasSubstr("variable [missing] not found"));
  EXPECT_EQ(done("<@getVar(<literal>)>"), "literal") << "getVar gives back what it is given";
}

TEST(Preprocessor, MakesRandomValues) {
  EXPECT_THAT(done("<@generateRandomString(<50>)>"), MatchesRegex("[a-zA-Z0-9_.-]{50}"));
  EXPECT_EQ(done("<@generateRandomString(<0>)>"), "");
  EXPECT_EQ(done("<@generateRandomBytes(<20>) | toHex>").size(), 40u);
  EXPECT_EQ(done("<@generateRandomStringVar(<v>, <30>)>|<@getVar(v)>").substr(0, 30),
            done("<@generateRandomStringVar(<v>, <30>)>|<@getVar(v)>").substr(31));
  for (int i = 0; i < 20; ++i) {
    const int value = std::stoi(done(
        "<@generateRandomInt(<@generateRandomInt(<-9>, <0>)>, <@generateRandomInt(<1>, <9>)>)>"));
    EXPECT_TRUE(value >= -9 && value <= 9) << value;
  }
  EXPECT_THAT(done("<@generateRandomInt(<-9223372036854775808>, <9223372036854775807>)>"),
              MatchesRegex("-?[0-9]+"));
  EXPECT_THAT(done("<@pickRandom(<one>, <two>, <three>)>"), MatchesRegex("one|two|three"));
  EXPECT_THAT(done("${user_<@generateRandomInt(<10>, <99>)>}"),
              MatchesRegex("\\$\\{user_[0-9]{2}\\}"));
  EXPECT_THAT(failed("<@generateRandomString(<1025>)>").message,
              HasSubstr("exceeds maximum length"));
  EXPECT_THAT(failed("<@generateRandomString(<-1>)>").message, HasSubstr("not a length"));
  EXPECT_THAT(failed("<@generateRandomInt(<5>, <5>)>").message, HasSubstr("must be bigger"));
  EXPECT_THAT(failed("<@generateRandomInt(<5>, <x>)>").message,
              HasSubstr("'x' is not a whole number"));
}

TEST(Preprocessor, WritesDates) {
  EXPECT_EQ(done("<@getDatetime(<DD.MM.YYYY HH:mm:ss>)>"), "21.11.2026 08:05:09");
  EXPECT_EQ(done("<@getDateTime(<YY M D h hh A a m s>)>"), "26 11 21 8 08 AM am 5 9");
  EXPECT_EQ(done("<@getDatetime(<dddd ddd MMMM MMM DDDD DDD>)>"),
            "Saturday Sat November Nov 325 325");
  EXPECT_EQ(done("<@getDatetime(<S ZZZ zz Z>)>"), "123000 UTC Z Z");
  EXPECT_EQ(done("<@getDatetime(<DD.MM.YYYY HH:mm ZZZ zz Z>, <Europe/Prague>)>"),
            "21.11.2026 09:05 CET +01:00 +0100");
  EXPECT_EQ(done("<@getDatetime(<DD HH>, <Etc/GMT-14>)>"), "21 22");
  for (const char* zone : {"Totally/Invalid/Zone", "../../etc/passwd", "/etc/passwd", ""}) {
    EXPECT_THAT(failed(fmt::format("<@getDatetime(<DD>, <{}>)>", zone)).message,
                HasSubstr("not a time zone"));
  }
  const auto summer =
      local_time(*parse_rfc3339("2026-07-01T12:00:00Z"), "America/New_York", "/usr/share/zoneinfo");
  EXPECT_EQ(format_time(*summer, "HH zz ZZZ"), "08 -04:00 EDT");
}

std::string decoded(std::string_view text) {
  std::string result(text.size(), '\0');
  std::size_t size = 0;
  sodium_base642bin(reinterpret_cast<unsigned char*>(result.data()), result.size(), text.data(),
                    text.size(), nullptr, &size, nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  result.resize(size);
  return result;
}

TEST(Preprocessor, SignsTokens) {
  const std::string token = done(R"(<@generateJWT(<secret>, <{"role":"test","exp":1798761600}>)>)");
  const auto first = token.find('.');
  const auto second = token.find('.', first + 1);
  EXPECT_EQ(decoded(token.substr(0, first)), R"({"alg":"HS256","typ":"JWT"})");
  EXPECT_EQ(decoded(token.substr(first + 1, second - first - 1)),
            R"({"exp":1798761600,"iat":1795248309,"iss":"zerops","role":"test"})");
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>("secret"), 6);
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(token.data()),
                                second);
  std::string mac(32, '\0');
  crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(mac.data()));
  EXPECT_EQ(decoded(token.substr(second + 1)), mac);
  EXPECT_THAT(done(R"(<@generateJWT(<s>, <{"iss":"me"}>)>)"), HasSubstr("."));
  EXPECT_THAT(failed("<@generateJWT(<s>, <[1]>)>").message, HasSubstr("JSON object"));
}

TEST(Preprocessor, HashesPasswordsVerifiably) {
  const std::string bcrypt = done("<a password| bcrypt>");
  EXPECT_THAT(bcrypt, testing::StartsWith("$2b$11$"));
  crypt_data data{};
  EXPECT_EQ(bcrypt, crypt_r("a password", bcrypt.c_str(), &data));
  const std::string argon = done("<a password| argon2id>");
  EXPECT_THAT(argon, testing::StartsWith("$argon2id$v=19$m=65536,t=4,p=4$"));
  EXPECT_EQ(argon2id_verify(argon.c_str(), "a password", 10), ARGON2_OK);
  EXPECT_NE(argon2id_verify(argon.c_str(), "another", 7), ARGON2_OK);
  EXPECT_THAT(failed(fmt::format("<{}| bcrypt>", std::string(73, 'x'))).message,
              HasSubstr("at most 72 bytes"));
}

TEST(Preprocessor, MakesKeys) {
  const std::string all = done(
      "<@generateED25519Key(<k>)>|<@getVar(kPrivate)>|<@getVar(kPublicSsh)>|<@getVar(kPrivateSsh)"
      ">");
  EXPECT_THAT(all, HasSubstr("-----END PUBLIC KEY-----|-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_THAT(all, HasSubstr("|ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"));
  EXPECT_THAT(all,
              HasSubstr("|-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU"));
  const std::string pem = all.substr(all.find("-----BEGIN PRIVATE"));
  const std::string first = pem.substr(0, pem.find('|'));
  BIO* bio = BIO_new_mem_buf(first.data(), static_cast<int>(first.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(EVP_PKEY_get_id(key), EVP_PKEY_ED25519);
  EVP_PKEY_free(key);
  BIO_free(bio);
  const std::string rsa = done("<@generateRSA2048Key(<k>)>|<@getVar(kPublicSsh)>");
  EXPECT_THAT(rsa, HasSubstr("-----END PUBLIC KEY-----|ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ"));
  EXPECT_THAT(failed("<@generateRSA2048Key(<k>)><@getVar(kPrivateSsh)>").message,
              HasSubstr("not found"));
}

TEST(Preprocessor, IndentsWhatHasSeveralLines) {
  const auto result = run("a: |\n    <@generateED25519Key(<k>)>\nb: 1\n");
  ASSERT_TRUE(result.has_value());
  EXPECT_THAT(result->text, MatchesRegex("a: \\|\n    -----BEGIN PUBLIC KEY-----\n    [^ \n]+\n    "
                                         "-----END PUBLIC KEY-----\nb: 1\n"));
  EXPECT_EQ(result->lines, (std::vector<int>{1, 2, 2, 2, 3, 4}));
  const std::string nested = done("\t\t<Text\n\t\t<@generateED25519Key(<key>)>\n\t\tText>");
  EXPECT_EQ(std::count(nested.begin(), nested.end(), '\n'), 4);
  for (std::size_t at = nested.find('\n'); at != std::string::npos;
       at = nested.find('\n', at + 1)) {
    EXPECT_EQ(nested.substr(at + 1, 2), "\t\t");
  }
}

TEST(Preprocessor, ReportsWhereAndWhat) {
  const PreprocessFailure wrong =
      failed("a: b\n  x: \"<@mercuryInRetrograde(<yes>, <no>, <third>) | title>\"\n");
  EXPECT_EQ(wrong.message, "invalid parameter count, 2 expected 3 provided");
  EXPECT_EQ(wrong.meta.position, (Position{2, 58}));
  EXPECT_EQ(wrong.meta.near, "e>");
  EXPECT_EQ(wrong.meta.item, "mercuryInRetrograde");
  EXPECT_EQ(wrong.meta.item_type, "function");
  EXPECT_EQ(wrong.meta.item_params, (std::vector<std::string>{"yes", "no", "third"}));
  EXPECT_EQ(wrong.meta.function_calls, 1);
  EXPECT_EQ(wrong.meta.function_calls_limit, 200);
  EXPECT_THAT(failed("<@generateRandomStrin(<5>)>").message,
              HasSubstr("did you mean generateRandomString?"));
  EXPECT_THAT(failed("<a| sha265>").message,
              HasSubstr("modifier [sha265] not found; did you mean"));
  EXPECT_THAT(failed("<@a(<x>))>").message, HasSubstr("closing brace"));
  EXPECT_THAT(failed("<@a((<x>)>").message, HasSubstr("opening brace"));
  EXPECT_THAT(failed("<@a,>").message, HasSubstr("comma"));
  EXPECT_THAT(failed("<@a|upper>").message, HasSubstr("not allowed in a function name"));
  EXPECT_THAT(failed("<@getVar(<x>)x>").message, HasSubstr("invalid character"));
  const PreprocessFailure open = failed("a: 1\nb: x < y\nc: 2\n");
  EXPECT_THAT(open.message, HasSubstr("never closed"));
  EXPECT_EQ(open.meta.position, (Position{2, 6}));
}

TEST(Preprocessor, HasLimits) {
  EXPECT_THAT(failed("<@generateRandomString(<50>) | sha256 | sha256>", 2).message,
              HasSubstr("max amount of function calls [2] exceeded"));
  EXPECT_EQ(run("<@generateRandomString(<50>) | sha256>", 2)->calls, 2);
  std::string doubling = "<@generateRandomString(<1024>)";
  for (int i = 0; i < 150; ++i) doubling += "|toHex";
  EXPECT_THAT(failed(doubling + ">").message, HasSubstr("grows beyond"));

  class SlowClock final : public Clock {
   public:
    Timestamp now() const override { return {}; }
    Millis steady() const override { return Millis(calls_++ * 6000); }

   private:
    mutable int calls_ = 0;
  };
  World world;
  const SlowClock clock;
  const auto slow =
      preprocess("<a|noop|noop|noop|noop|noop>", {.random = world.random, .clock = clock});
  ASSERT_FALSE(slow.has_value());
  EXPECT_EQ(slow.error().message, "preprocessing took longer than 20 s");
}

// The reference tool's own example, with what its documentation says comes out.
TEST(Preprocessor, AgreesWithTheReferenceExample) {
  const auto text = read_file(std::string(CROFT_SOURCE_DIR) +
                              "/tests/data/spec/samples/zeropsio+zParser/example.yml");
  World world;
  const auto result =
      preprocess(text.value(), {.random = world.random, .clock = world.clock, .throwaway = true});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  for (
      const char* line :
      {R"(      MULTIPLE_NESTED_ENVS: "${my_e${my_e${my_env}nv}nv}")",
       R"(      ESCAPED_VALUE_DOUBLE: "<<MY_ESCAPED_VALUE>>")",
       R"(      STRING_WITH_ENV_INSIDE: "my super cool string with ${myEnvVar} inside for whatever reason")",
       "      MULTI_LINE_STRING: |\n        <ESC\n         APED\n         MULTI L\n"
       "         INE\n         STRING\n        >\n",
       R"(      ESCAPED_NESTED_FUNCTIONS: "<@generateRandomString(<@generateRandomInt(10, 50)>)>")",
       R"(      ESCAPE_TEST: "< <\\ \\\\ \\< \\ \\> \\\\ \\> >")",
       R"(      ESCAPE_TEST_WITH_ITEM: "\\STriNG \\ WitH, MOdiFiers\\")",
       R"(      NO_WHITESPACE: "this string has no spaces")",
       R"(      NO_WHITESPACE_2: "this string also has no spaces     ")",
       R"(      WHITESPACE: " this string has single space     ")",
       R"(      WHITESPACE_2: "    this string has many spaces     ")",
       R"(commas, and closing braces ) and backslashes \\ what do you think?")",
       R"(      NESTED_STRINGS_ONE_MODIFIER: "MY SUPER COOL AND MY NESTED STRINGS")",
       R"(      STRING_ESCAPE_ONE_MODIFIER: "<@ SOME RANDOM STRING $>")",
       R"(JUST WORK | WITHOUT ANY ISSUES \\/!@#$%^&*_+{}:|?><")",
       R"(      CURRENT_DATE_GMT14: "21.11.2026")",
       R"(      CURRENT_DATE_TIME_PRG: "21.11.2026 09:05:09")",
       "      ED25519_KEY_PUB: |\n        -----BEGIN PUBLIC KEY-----\n        MCowBQYDK2VwAyEA",
       R"(      MERCURY_RETROGRADE: "Mercury Is Not In Retrograde")",
       "        unless we escape it <\n",
       "        is the norm >"}) {
    EXPECT_THAT(result->text, HasSubstr(line));
  }
}

TEST(Preprocessor, KnowsWhereMercuryGoes) {
  EXPECT_EQ(done("<@mercuryInRetrograde(<yes>, <no>)>"), "no");
  World world;
  const ManualClock october(*parse_rfc3339("2026-10-30T00:00:00Z"));
  EXPECT_EQ(
      preprocess("<@mercuryInRetrograde(<yes>, <no>)>", {.random = world.random, .clock = october})
          ->text,
      "yes");
}

}  // namespace
}  // namespace croft::spec

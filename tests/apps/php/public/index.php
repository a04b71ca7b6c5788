<?php

declare(strict_types=1);

use CroftTests\Rows\Rows;

require __DIR__ . '/../vendor/autoload.php';

$value = static fn (string $name): ?string => ($text = getenv($name)) === false ? null : $text;
$version = $value('APP_VERSION') ?? trim(file_get_contents(__DIR__ . '/../VERSION'));
$instance = gethostname();

header('Content-Type: application/json');
try {
    $body = match (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
        '/', '/index.php' => ['version' => $version, 'instance' => $instance],
        '/db' => (new Rows($value('DATABASE_URL') ?? ''))->add("$instance $version"),
        '/env' => ['value' => $value('TEST_VALUE')],
        default => null,
    };
    if ($body === null) {
        http_response_code(404);
        $body = ['error' => 'not found'];
    }
} catch (Throwable $error) {
    error_log((string) $error);
    http_response_code(500);
    $body = ['error' => $error->getMessage()];
}
echo json_encode($body, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE), "\n";

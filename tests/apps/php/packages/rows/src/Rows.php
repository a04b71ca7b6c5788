<?php

declare(strict_types=1);

namespace CroftTests\Rows;

use PDO;

final class Rows
{
    private PDO $db;

    public function __construct(string $url)
    {
        $part = parse_url($url);
        $user = rawurldecode($part['user']);
        $name = trim($part['path'] ?? '', '/') ?: $user;
        $source = sprintf('pgsql:host=%s;port=%d;dbname=%s;connect_timeout=5', $part['host'], $part['port'], $name);
        $this->db = new PDO($source, $user, rawurldecode($part['pass'] ?? ''));
    }

    /** @return array{rows: int, last: string} */
    public function add(string $text): array
    {
        $this->db->exec('CREATE TABLE IF NOT EXISTS php_rows (id bigserial PRIMARY KEY, text text NOT NULL)');
        $this->db->prepare('INSERT INTO php_rows (text) VALUES (?)')->execute([$text]);
        $all = $this->db->query('SELECT text FROM php_rows ORDER BY id')->fetchAll(PDO::FETCH_COLUMN);
        return ['rows' => count($all), 'last' => end($all)];
    }
}

// A web server for croft's integration tests.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

func version() string {
	if value, set := os.LookupEnv("APP_VERSION"); set {
		return value
	}
	text, err := os.ReadFile("VERSION")
	if err != nil {
		log.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func instance() string {
	name, _ := os.Hostname()
	return name
}

func rows(ctx context.Context) (any, error) {
	db, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		return nil, err
	}
	defer db.Close(ctx)
	if _, err = db.Exec(ctx, "CREATE TABLE IF NOT EXISTS go_rows (id bigserial PRIMARY KEY, text text NOT NULL)"); err != nil {
		return nil, err
	}
	if _, err = db.Exec(ctx, "INSERT INTO go_rows (text) VALUES ($1)", instance()+" "+version()); err != nil {
		return nil, err
	}
	var count int
	var last string
	err = db.QueryRow(ctx, "SELECT count(*), (SELECT text FROM go_rows ORDER BY id DESC LIMIT 1) FROM go_rows").Scan(&count, &last)
	return map[string]any{"rows": count, "last": last}, err
}

func env(context.Context) (any, error) {
	if value, set := os.LookupEnv("TEST_VALUE"); set {
		return map[string]any{"value": value}, nil
	}
	return map[string]any{"value": nil}, nil
}

func root(context.Context) (any, error) {
	return map[string]any{"version": version(), "instance": instance()}, nil
}

func answer(make func(context.Context) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
		defer cancel()
		body, err := make(ctx)
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			log.Print(err)
			w.WriteHeader(http.StatusInternalServerError)
			body = map[string]string{"error": err.Error()}
		}
		_ = json.NewEncoder(w).Encode(body)
	}
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", answer(root))
	mux.HandleFunc("GET /db", answer(rows))
	mux.HandleFunc("GET /env", answer(env))
	server := &http.Server{Addr: ":" + os.Getenv("PORT"), Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	stop, done := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer done()
	finished := make(chan struct{})
	go func() {
		<-stop.Done()
		_ = server.Shutdown(context.Background())
		close(finished)
	}()
	log.Printf("version %s is listening", version())
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-finished
}

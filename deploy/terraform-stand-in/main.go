// A stand-in for a provider of Terraform's: it has another's schemas, which lie beside it in schemas.json, and makes its values up. Terraform's and OpenTofu's own
// validate, plan and apply can then be held against a configuration where the provider itself is not to be had, and without an account.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(executable), "schemas.json"))
	if err != nil {
		return err
	}
	var schemas providerSchemas
	if err := json.Unmarshal(text, &schemas); err != nil {
		return fmt.Errorf("schemas.json: %w", err)
	}
	server, err := newServer(schemas)
	if err != nil {
		return fmt.Errorf("schemas.json: %w", err)
	}
	return tf6server.Serve(schemas.Source, func() tfprotov6.ProviderServer { return server })
}

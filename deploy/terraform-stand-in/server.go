package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// server answers what validate, plan, apply and destroy ask. What no schema of these lets Terraform ask (functions, ephemeral resources, imports) is the embedded
// interface's, which is nil.
type server struct {
	tfprotov6.ProviderServer
	provider    *tfprotov6.Schema
	resources   map[string]*tfprotov6.Schema
	dataSources map[string]*tfprotov6.Schema
	found       map[string]map[string]json.RawMessage
}

func newServer(given providerSchemas) (*server, error) {
	provider, err := schemaOf(given.Provider)
	if err != nil {
		return nil, err
	}
	resources, err := schemasOf(given.Resources)
	if err != nil {
		return nil, err
	}
	dataSources, err := schemasOf(given.DataSources)
	if err != nil {
		return nil, err
	}
	return &server{provider: provider, resources: resources, dataSources: dataSources, found: given.Found}, nil
}

func (s *server) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	response := &tfprotov6.GetMetadataResponse{ServerCapabilities: capabilities()}
	for _, name := range sorted(s.resources) {
		response.Resources = append(response.Resources, tfprotov6.ResourceMetadata{TypeName: name})
	}
	for _, name := range sorted(s.dataSources) {
		response.DataSources = append(response.DataSources, tfprotov6.DataSourceMetadata{TypeName: name})
	}
	return response, nil
}

func capabilities() *tfprotov6.ServerCapabilities {
	return &tfprotov6.ServerCapabilities{PlanDestroy: false}
}

func (s *server) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &tfprotov6.GetProviderSchemaResponse{
		ServerCapabilities: capabilities(),
		Provider:           s.provider,
		ResourceSchemas:    s.resources,
		DataSourceSchemas:  s.dataSources,
	}, nil
}

func (s *server) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (s *server) ValidateProviderConfig(_ context.Context, request *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: request.Config}, nil
}

func (s *server) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (s *server) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

// ValidateResourceConfig says what Terraform leaves to the provider: Terraform has held all else against the schema before it asks.
func (s *server) ValidateResourceConfig(_ context.Context, request *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	schema, err := schemaNamed(s.resources, request.TypeName)
	if err != nil {
		return nil, err
	}
	value, err := request.Config.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	given, err := readOnlyGiven(schema.Block.Attributes, value, tftypes.NewAttributePath())
	if err != nil {
		return nil, err
	}
	response := &tfprotov6.ValidateResourceConfigResponse{}
	for _, path := range given {
		response.Diagnostics = append(response.Diagnostics, &tfprotov6.Diagnostic{
			Severity:  tfprotov6.DiagnosticSeverityError,
			Summary:   "Read-only attribute",
			Detail:    fmt.Sprintf("%s is computed, and cannot be given.", path),
			Attribute: path,
		})
	}
	return response, nil
}

func (s *server) ValidateDataResourceConfig(context.Context, *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

func (s *server) UpgradeResourceState(_ context.Context, request *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	schema, err := schemaNamed(s.resources, request.TypeName)
	if err != nil {
		return nil, err
	}
	value, err := request.RawState.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(schema.ValueType(), value)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &state}, err
}

// ReadResource finds everything as it was left.
func (s *server) ReadResource(_ context.Context, request *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: request.CurrentState}, nil
}

func (s *server) PlanResourceChange(_ context.Context, request *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	state, err := changed(s.resources, request.TypeName, request.ProposedNewState, func(schema *tfprotov6.Schema, value tftypes.Value) (tftypes.Value, error) {
		return withUnknowns(schema.Block, value)
	})
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: state}, err
}

func (s *server) ApplyResourceChange(_ context.Context, request *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	state, err := changed(s.resources, request.TypeName, request.PlannedState, func(_ *tfprotov6.Schema, value tftypes.Value) (tftypes.Value, error) {
		return withoutUnknowns(request.TypeName, value)
	})
	return &tfprotov6.ApplyResourceChangeResponse{NewState: state}, err
}

func (s *server) ReadDataSource(_ context.Context, request *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	state, err := changed(s.dataSources, request.TypeName, request.Config, func(schema *tfprotov6.Schema, value tftypes.Value) (tftypes.Value, error) {
		planned, err := withUnknowns(schema.Block, value)
		if err != nil {
			return value, err
		}
		known, err := withFound(planned, s.found[request.TypeName])
		if err != nil {
			return value, err
		}
		return withoutUnknowns(request.TypeName, known)
	})
	return &tfprotov6.ReadDataSourceResponse{State: state}, err
}

// changed reads a value of the type, and writes what the change makes of it. A resource that is to be destroyed is null, and stays it.
func changed(
	schemas map[string]*tfprotov6.Schema, typeName string, given *tfprotov6.DynamicValue,
	change func(*tfprotov6.Schema, tftypes.Value) (tftypes.Value, error),
) (*tfprotov6.DynamicValue, error) {
	schema, err := schemaNamed(schemas, typeName)
	if err != nil {
		return nil, err
	}
	value, err := given.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	if !value.IsNull() {
		if value, err = change(schema, value); err != nil {
			return nil, err
		}
	}
	made, err := tfprotov6.NewDynamicValue(schema.ValueType(), value)
	return &made, err
}

func schemaNamed(schemas map[string]*tfprotov6.Schema, name string) (*tfprotov6.Schema, error) {
	if found := schemas[name]; found != nil {
		return found, nil
	}
	return nil, fmt.Errorf("%s has no schema here", name)
}

"""Which types are created by calls to our server, and by which calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RemoteType:
    """A resource type of CloudFormation as calls to the API of its service."""

    service: str
    noun: str
    """What the operations are called after: ``Create<noun>``, ``Delete<noun>``."""
    name: str
    """The API parameter that names the resource."""
    answer: str
    """The member of the answer that describes the resource."""
    reference: str
    """The member of the description that ``Ref`` gives."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """``Fn::GetAtt`` name to (dotted) member of the description."""
    renames: Mapping[str, str] = field(default_factory=dict)
    """Template property to API parameter, where they differ."""
    create: str = "Create"
    modify: str | None = "Modify"
    """The verb that changes a resource in place, if there is one; else the resource is created anew."""
    delete: str = "Delete"
    delete_by: str | None = None
    """The API parameter of the delete call, if it isn't ``name``."""
    delete_extra: Mapping[str, Any] = field(default_factory=dict)
    ready: str | None = None
    """The status to wait for after the creation, if the service works on; a deletion is waited for then, too."""
    status: str = ""
    """The member of the description with that status."""
    afterwards: str | None = None
    """A property that only a change of the new resource sets: RDS takes no parameters when it creates their group."""
    snapshot: str | None = None
    """The API parameter that names a snapshot, if ``DeletionPolicy: Snapshot`` is known: ``Create<noun>Snapshot``."""


REMOTE_TYPES: dict[str, RemoteType] = {
    "AWS::DMS::ReplicationSubnetGroup": RemoteType(
        service="dms",
        noun="ReplicationSubnetGroup",
        name="ReplicationSubnetGroupIdentifier",
        answer="ReplicationSubnetGroup",
        reference="ReplicationSubnetGroupIdentifier",
    ),
    "AWS::DMS::Certificate": RemoteType(
        service="dms",
        noun="Certificate",
        name="CertificateIdentifier",
        answer="Certificate",
        reference="CertificateArn",
        create="Import",
        modify=None,
        delete_by="CertificateArn",
    ),
    "AWS::ECS::Cluster": RemoteType(
        service="ecs",
        noun="Cluster",
        name="clusterName",
        answer="cluster",
        reference="clusterName",
        attributes={"Arn": "clusterArn"},
        renames={"ClusterSettings": "settings"},
        modify="Update",
        delete_by="cluster",
    ),
    "AWS::ECS::TaskDefinition": RemoteType(
        service="ecs",
        noun="TaskDefinition",
        name="family",
        answer="taskDefinition",
        reference="taskDefinitionArn",
        attributes={"TaskDefinitionArn": "taskDefinitionArn"},
        create="Register",
        modify=None,
        delete="Deregister",
        delete_by="taskDefinition",
    ),
    "AWS::RDS::DBSubnetGroup": RemoteType(
        service="rds",
        noun="DBSubnetGroup",
        name="DBSubnetGroupName",
        answer="DBSubnetGroup",
        reference="DBSubnetGroupName",
    ),
    "AWS::RDS::DBParameterGroup": RemoteType(
        service="rds",
        noun="DBParameterGroup",
        name="DBParameterGroupName",
        answer="DBParameterGroup",
        reference="DBParameterGroupName",
        renames={"Family": "DBParameterGroupFamily"},
        afterwards="Parameters",
    ),
    "AWS::RDS::DBClusterParameterGroup": RemoteType(
        service="rds",
        noun="DBClusterParameterGroup",
        name="DBClusterParameterGroupName",
        answer="DBClusterParameterGroup",
        reference="DBClusterParameterGroupName",
        renames={"Family": "DBParameterGroupFamily"},
        afterwards="Parameters",
    ),
    "AWS::RDS::DBCluster": RemoteType(
        service="rds",
        noun="DBCluster",
        name="DBClusterIdentifier",
        answer="DBCluster",
        reference="DBClusterIdentifier",
        attributes={
            "DBClusterArn": "DBClusterArn",
            "DBClusterResourceId": "DbClusterResourceId",
            "Endpoint.Address": "Endpoint",
            "Endpoint.Port": "Port",
            "ReadEndpoint.Address": "ReaderEndpoint",
        },
        delete_extra={"SkipFinalSnapshot": True},
        ready="available",
        status="Status",
        snapshot="DBClusterSnapshotIdentifier",
    ),
    "AWS::RDS::DBInstance": RemoteType(
        service="rds",
        noun="DBInstance",
        name="DBInstanceIdentifier",
        answer="DBInstance",
        reference="DBInstanceIdentifier",
        attributes={
            "DBInstanceArn": "DBInstanceArn",
            "DbiResourceId": "DbiResourceId",
            "Endpoint.Address": "Endpoint.Address",
            "Endpoint.Port": "Endpoint.Port",
        },
        renames={"VPCSecurityGroups": "VpcSecurityGroupIds", "DBSecurityGroups": "DBSecurityGroups"},
        delete_extra={"SkipFinalSnapshot": True},
        ready="available",
        status="DBInstanceStatus",
        snapshot="DBSnapshotIdentifier",
    ),
}

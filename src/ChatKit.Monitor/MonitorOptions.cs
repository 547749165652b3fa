namespace ChatKit.Monitor;

/// <summary>Options of this node's reports to the operators' page.</summary>
public sealed class MonitorOptions
{
    /// <summary>
    /// The name under which the page lists this node. Default: the name of the machine, which in Kubernetes is the name of the pod. Several nodes
    /// on one machine need different names. It must not be empty.
    /// </summary>
    public string NodeName { get; set; } = Environment.MachineName;
}

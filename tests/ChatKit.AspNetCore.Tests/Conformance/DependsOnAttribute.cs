namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>The part of a connection that the outcome of a suite depends on, which determines the ways in which the suite runs.</summary>
public enum Aspect
{
    /// <summary>The head of the request, which the web server reads first. One way for each transport is sufficient.</summary>
    Request,

    /// <summary>The bytes of the frames, and where they are cut. The ways are the socket of each transport, and pieces.</summary>
    Bytes,

    /// <summary>The transport of the bytes: how it reads ahead, writes, and ends. All ways are required.</summary>
    Carrier,
}

/// <summary>Determines the ways in which a suite runs. <see cref="WaysTests"/> enforces it.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class DependsOnAttribute(Aspect aspect) : Attribute
{
    public Aspect Aspect => aspect;
}

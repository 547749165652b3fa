namespace ChatKit.AspNetCore.Tests.Conformance;

/// <summary>What it is about a connection that decides the outcome of a suite's cases, and so over which ways the suite is run.</summary>
public enum Aspect
{
    /// <summary>The head of the request, which the web server has read before anything here sees it. One way shows all.</summary>
    Request,

    /// <summary>The bytes of the frames, and where they are cut: straight from the socket, and in pieces.</summary>
    Bytes,

    /// <summary>What carries the bytes: how much it reads ahead, how it takes what is written, and how it ends. Every way.</summary>
    Carrier,
}

/// <summary>Says of a suite over which ways it is run. <see cref="WaysTests"/> holds the ways to it.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class DependsOnAttribute(Aspect aspect) : Attribute
{
    public Aspect Aspect => aspect;
}
